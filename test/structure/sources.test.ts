/**
 * What holds for the syntax of all sources. These tests are parts of one file: the compiler takes a second to load, and jest loads
 * it anew for each file; and each source is parsed once for all of them.
 */
import "./sources/exports.ts";
import "./sources/limits.ts";
import "./sources/messages.ts";
import "./sources/rooms.ts";
