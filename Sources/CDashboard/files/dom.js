// Elements are made here, and brought up to date here. Text that comes from the relay only ever becomes text, so nothing
// that a sender writes can become markup.

const SVG = "http://www.w3.org/2000/svg";

/// Makes an element.
///
/// - attributes: `null`, or names with values. Functions (`onclick`) become handlers; `true` is an attribute without a value;
///   `false`, `null` and `undefined` are left out; `key` tells children apart when they are brought up to date (see `patch`);
///   `style` is an object of CSS properties (an attribute would be refused by the page's policy).
/// - children: nodes, texts, numbers, lists of them; `null`, `undefined` and booleans are left out.
export function h(tag, attributes, ...children) {
  return build(document.createElement(tag), attributes, children);
}

/// The same for SVG.
export function svg(tag, attributes, ...children) {
  return build(document.createElementNS(SVG, tag), attributes, children);
}

function build(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "key") node.patchKey = String(value);
    else if (name === "style") setStyle(node, value);
    else if (typeof value === "function") {
      node[name] = value;
      (node.handlers ??= []).push(name);
    } else if (name === "value" && node.tagName !== "LI") node.value = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...flat(children));
  return node;
}

function setStyle(node, properties) {
  for (const [name, value] of Object.entries(properties)) node.style.setProperty(name, value);
}

function* flat(children) {
  for (const child of children) {
    if (child === null || child === undefined || typeof child === "boolean") continue;
    if (Array.isArray(child)) yield* flat(child);
    else yield child instanceof Node ? child : String(child);
  }
}

/// Makes `container` hold `children`, and changes only what differs. So what has the focus keeps it, what is selected or being
/// typed stays, and what is open stays open. Children with a `key` are followed wherever they move.
export function patch(container, ...children) {
  const focused = document.activeElement;
  patchChildren(container, [...flat(children)].map((child) =>
    child instanceof Node ? child : document.createTextNode(child)));
  // An element that moves loses the focus.
  if (focused !== document.activeElement && container.contains(focused)) focused.focus({ preventScroll: true });
}

function patchChildren(container, wanted) {
  const keyed = new Map();
  const kept = new Set(wanted.map((child) => child.patchKey));
  for (const child of [...container.childNodes]) {
    if (child.patchKey === undefined) continue;
    if (kept.has(child.patchKey)) keyed.set(child.patchKey, child);
    else child.remove();
  }
  let place = container.firstChild;
  for (const child of wanted) {
    const old = child.parentNode === container ? child : child.patchKey !== undefined ? keyed.get(child.patchKey) : place;
    if (old && isAlike(old, child)) {
      if (old === place) place = place.nextSibling;
      else container.insertBefore(old, place);
      patchNode(old, child);
    } else {
      container.insertBefore(child, place);
    }
  }
  while (place) {
    const next = place.nextSibling;
    place.remove();
    place = next;
  }
}

function isAlike(old, wanted) {
  return old.nodeName === wanted.nodeName && old.patchKey === wanted.patchKey;
}

function patchNode(old, wanted) {
  if (old === wanted) return;
  if (old.nodeType === Node.TEXT_NODE) {
    if (old.data !== wanted.data) old.data = wanted.data;
    return;
  }
  for (const { name } of [...old.attributes]) {
    if (!wanted.hasAttribute(name) && !isOfThePerson(old, name)) old.removeAttribute(name);
  }
  for (const { name, value } of wanted.attributes) {
    if (old.getAttribute(name) === value || isOfThePerson(old, name)) continue;
    if (name === "style") old.style.cssText = value;
    else old.setAttribute(name, value);
  }
  for (const name of old.handlers ?? []) old[name] = null;
  for (const name of wanted.handlers ?? []) old[name] = wanted[name];
  old.handlers = wanted.handlers;
  // A box whose changes the page is told of shows what the page says.
  if (old.type === "checkbox" && wanted.onchange) old.checked = wanted.checked;
  if (old.tagName === "TEXTAREA") return;
  patchChildren(old, [...wanted.childNodes]);
}

/// Whether a person may have set it since: then it is not the page's to change.
function isOfThePerson(node, name) {
  return name === "open" || (name === "value" && node.tagName === "INPUT") || name === "checked";
}
