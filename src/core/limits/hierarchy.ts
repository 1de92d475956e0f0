/** Parents and children. */

/** Fields of a twin that it reports to its parent. More are refused at definition: each is in every report. */
export const REPORT_FIELDS_MAX = 32;

/** Characters of a text in a report; a longer one is cut there (never in the twin): a parent holds it for each child. */
export const REPORT_STRING_CHARS_MAX = 1_024;

/** Roll-ups of a model. More are refused at definition: each is brought up to date by every report. */
export const ROLLUPS_MAX = 32;

/**
 * Children of one twin. The report of one more is not taken, which the log says, until a child leaves: the parent's
 * cell holds all of them, and a minimum that goes has it look at each.
 */
export const CHILDREN_PER_PARENT_MAX = 50_000;

/** Children of all twins of a cell, about 0.4 KB of memory each. Beyond it as for one twin's children. */
export const CHILDREN_PER_CELL_MAX = 100_000;

/** Children that a twin is shown with; all of them come page by page. */
export const CHILDREN_SHOWN_MAX = 100;

/** Twins that report anew in one commit, after a deployment that changed what they report. */
export const REPORTS_ANEW_PER_COMMIT_MAX = 1_000;
