/** Elements without a framework, for what redraws at every frame. */

export function madeElement(
  name: string,
  role: string | undefined,
  parent: HTMLElement | undefined,
  tag = "div",
): HTMLElement {
  const made = document.createElement(tag);
  if (name !== "") made.className = name;
  if (role !== undefined) made.setAttribute("role", role);
  parent?.append(made);
  return made;
}
