// Shows /openapi.json, and asks nobody but its own server.
globalThis.SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#interface",
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  filter: true,
  // Left to itself it sends the description to a validator elsewhere.
  validatorUrl: null,
  // A key stays in this page's memory.
  persistAuthorization: false,
  tryItOutEnabled: false,
});
