// Words, numbers and moments in both languages, and the one way this page makes elements.

let data = null; // the page's data block, once it is read

const state = { language: "zh", tab: "now", selected: null, query: "", minutes: null };

/** The n-th language of a pair; Chinese where the other is missing. */
const pick = (pair) => (state.language === "en" && pair[1]) || pair[0];

/** One of our own sentences, its {0} {1} filled. */
function say(key, ...values) {
  return pick(WORDS[key]).replace(/\{(\d)\}/g, (_, number) => values[number]);
}

/** A word of the catalogue (tier, kind, source …), or the word itself. */
function word(code) {
  const pair = Object.prototype.hasOwnProperty.call(data.words, code) ? data.words[code] : null;
  return pair ? pick(pair) : String(code).replace(/^fraud:/, "");
}

function yuan(value) {
  if (value === null) return "–";
  const size = Math.abs(value);
  const scale = state.language === "zh"
    ? [[1e8, " 亿"], [1e4, " 万"], [1, ""]]
    : [[1e9, " bn"], [1e6, " M"], [1e3, " k"], [1, ""]];
  for (const [unit, name] of scale) {
    if (size >= unit) return "¥" + round(value / unit) + name;
  }
  return "¥" + round(value);
}

function round(value) {
  const size = Math.abs(value);
  const digits = size >= 100 || size === 0 ? 0 : size >= 10 ? 1 : 2;
  return value.toLocaleString("en-US", { minimumFractionDigits: 0, maximumFractionDigits: digits });
}

const count = (value) => value.toLocaleString("en-US");
const percent = (share) => Math.round(share * 100) + "%";

/** A span of minutes in words. */
function span(minutes) {
  if (minutes < 90) return say("minutes", Math.round(minutes));
  if (minutes < 48 * 60) return say("hours", round(Math.round(minutes / 6) / 10));
  return say("days", Math.round(minutes / 1440));
}

/** The wall clock of the area at minutes from the plan's moment: 14:05, or 5-2 00:10 on another day. */
function clock(minutes, withDate = false) {
  const local = (after) => new Date((data.at + (after + data.offset_minutes) * 60) * 1000);
  const moment = local(minutes), start = local(0);
  const two = (number) => String(number).padStart(2, "0");
  const time = two(moment.getUTCHours()) + ":" + two(moment.getUTCMinutes());
  const day = two(moment.getUTCMonth() + 1) + "-" + two(moment.getUTCDate());
  if (withDate) return moment.getUTCFullYear() + "-" + day + " " + time;
  return moment.getUTCDate() === start.getUTCDate() ? time : day + " " + time;
}

/** Minutes since the plan's moment; a practice day stands still. */
const minutesNow = () => (data.synthetic ? 0 : (Date.now() / 1000 - data.at) / 60);

const SVG = "http://www.w3.org/2000/svg";

/** An element with attributes, listeners (on…) and children; text is only ever text. */
function make(tag, attributes, ...children) {
  const [name, ...classes] = tag.split(".");
  const drawn = ["svg", "path", "line", "circle", "text", "g", "rect", "polygon", "title"].includes(name);
  const element = drawn ? document.createElementNS(SVG, name) : document.createElement(name);
  if (classes.length) element.setAttribute("class", classes.join(" "));
  for (const [key, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? "" : value);
  }
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    element.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
  return element;
}

// Chromium 80 has no replaceChildren
if (!Element.prototype.replaceChildren) {
  Element.prototype.replaceChildren = function replaceChildren(...children) {
    this.textContent = "";
    this.append(...children);
  };
}

/** Words that came from outside: isolated, so that right-to-left marks end where they end. */
const given = (text) => make("bdi", {}, text);
