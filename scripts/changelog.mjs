// Reads a release's section out of CHANGELOG.md, which follows Keep a Changelog.

const HEADING = /^## \[(?<name>[^\]]+)\](?: - (?<date>\S+))?\s*$/;

/** The notes of a version: its section without the heading. Throws where they are missing, undated or empty. */
export function releaseNotes(changelog, version) {
  const sections = sectionsOf(changelog);
  const named = sections.filter(({ name }) => name === version);
  if (named.length !== 1)
    throw new Error(`CHANGELOG.md has ${named.length} sections for ${version}, not one`);
  const [{ date, text }] = named;
  if (date === undefined || !isDay(date))
    throw new Error(`CHANGELOG.md does not date ${version}: write "## [${version}] - YYYY-MM-DD"`);
  if (text === "") throw new Error(`CHANGELOG.md says nothing about ${version}`);
  const unreleased = sections.find(({ name }) => name.toLowerCase() === "unreleased");
  if (unreleased !== undefined && unreleased.text !== "")
    throw new Error(
      `CHANGELOG.md still has unreleased changes: move them to ${version}, or to the version after it`,
    );
  return text;
}

function sectionsOf(changelog) {
  const sections = [];
  for (const line of changelog.split("\n")) {
    const heading = HEADING.exec(line);
    if (heading !== null) sections.push({ ...heading.groups, lines: [] });
    else sections.at(-1)?.lines.push(line);
  }
  return sections.map(({ name, date, lines }) => ({ name, date, text: lines.join("\n").trim() }));
}

function isDay(text) {
  return /^\d{4}-\d\d-\d\d$/.test(text) && new Date(text).toJSON()?.slice(0, 10) === text;
}
