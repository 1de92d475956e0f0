// Runs before the first paint, so that a chosen theme does not flash up in the other one's colours.
try {
  const theme = localStorage.getItem("livetwin-theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // The browser forbids storage: the page follows the system's theme.
}
