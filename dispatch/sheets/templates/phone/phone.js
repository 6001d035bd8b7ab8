// The sheet on a phone: what came of each visit is recorded, kept, and told as one line of text or a QR code.

const SENT = 8, UNSAFE = 9, PER_CODE = 6; // the numbers of docs/outcomes.md; records a QR code holds at most
const sheet = JSON.parse(document.getElementById("sheet").textContent);
const records = new Map(); // by code, in the order of the route when told
const told = new Map(); // what was told of each already
const panels = []; // one for each stop and language
let kept = null;

const orders = new Map(sheet.stops.map(([order, code]) => [code, order]));
const language = () => (document.getElementById("in-en").checked ? 1 : 0);
const say = (key, lang, ...values) => sheet.words[key][lang].replace(/\{(\d)\}/g, (_, number) => values[number]);
const outcome = (n, lang) => sheet.outcomes[n - 1][lang];
const same = (one) => record(sheet.plan.toUpperCase(), one);
const chosen = () => sheet.stops.map(([, code]) => records.get(code)).filter(Boolean);
const untold = () => chosen().filter((one) => told.get(one.code) !== same(one));
const text = () => message(sheet.plan, chosen());

/** An element: "p.note", its attributes, its children; text stays text. */
function make(name, given = {}, ...children) {
  const [tag, ...classes] = name.split("."), made = document.createElement(tag);
  if (classes.length) made.className = classes.join(" ");
  for (const [key, value] of Object.entries(given)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

/** 0 to `most`, or null where nothing usable is written. */
function number(written, most) {
  const digits = written.replace(/[,，\s]/g, "");
  return /^\d{1,11}$/.test(digits) ? Math.min(Number(digits), most) : null;
}

/** When it was recorded, by the clock of the area. */
const clock = (one) => new Date(sheet.at + (one.after + sheet.offset) * 60000).toISOString().slice(11, 16);

// recording

function choose(code, n) {
  const old = records.get(code), after = Math.floor((Date.now() - sheet.at) / 60000);
  const fresh = { code, n, after: Math.min(Math.max(after, 0), MOST_MINUTES), there: null, sent: null, note: "" };
  records.set(code, Object.assign(fresh, old && { there: old.there, sent: n === SENT ? old.sent : null, note: old.note }));
  changed();
}

function edit(code, part) {
  const one = records.get(code);
  if (one) records.set(code, Object.assign({}, one, part));
  changed();
}

async function changed() {
  for (const panel of panels) panel.show();
  bar.show();
  const plain = { records: [...records.values()], told: [...told] };
  say_kept(kept ? await kept.write(plain) : false);
}

function say_kept(is) {
  document.body.classList.toggle("unkept", !is);
}

/** The panel under one stop's boxes, in one language; it shows what is recorded of the stop. */
function panel(box) {
  const code = box.dataset.code, lang = box.dataset.lang === "en" ? 1 : 0, radios = [...box.querySelectorAll("input")];
  const field = (key, more, most) => {
    const id = [code, key, lang].join("-");
    const part = () => ({ [key]: most ? number(input.value, most) : input.value });
    const input = make(most ? "input" : "textarea", Object.assign({ id, oninput: () => edit(code, part()) }, more));
    return { input, row: make("p.field", {}, make("label", { for: id }, say(key, lang)), input), key };
  };
  const there = field("there", { type: "text", inputmode: "numeric", autocomplete: "off", maxlength: "3" }, MOST_THERE);
  const sent = field("sent", { type: "text", inputmode: "numeric", autocomplete: "off", maxlength: "14" }, MOST_YUAN);
  const note = field("note", { rows: "2", maxlength: "120" }, 0);
  const add = (minutes) => () => edit(code, { there: Math.min(Math.max((records.get(code).there || 0) + minutes, 0), MOST_THERE) });
  there.row.append(...[-5, 5].map((by) => make("button.step", { type: "button", onclick: add(by) }, by < 0 ? "−5" : "+5")));
  const urgent = make("p.urgent", { role: "alert" }), done = make("p.done");
  const undo = make("button.undo", { type: "button", onclick: () => { records.delete(code); changed(); } }, say("undo", lang));
  const made = make("div.record", { hidden: "" }, urgent, done, sent.row, there.row, note.row, undo);
  box.append(made);
  for (const radio of radios) radio.addEventListener("change", () => choose(code, Number(radio.value)));
  const show = () => {
    const one = records.get(code);
    made.hidden = !one;
    for (const radio of radios) radio.checked = Boolean(one) && Number(radio.value) === one.n;
    document.querySelectorAll(`[data-mark="${CSS.escape(code)}"]`).forEach((mark) => { mark.textContent = one ? "✓" : ""; });
    if (!one) return;
    sent.row.hidden = one.n !== SENT;
    const warning = one.n === SENT ? "urgent_sent" : one.n === UNSAFE ? "urgent_unsafe" : "";
    urgent.hidden = !warning;
    const words = warning ? say(warning, lang) + (one.n === SENT && sheet.centre ? " " + sheet.centre : "") : "";
    if (urgent.textContent !== words) urgent.textContent = words;
    const is = told.get(code) === same(one) ? "told" : "not_told";
    done.textContent = say("done", lang, clock(one), outcome(one.n, lang)) + " · " + say(is, lang);
    for (const each of [there, sent, note]) {
      const value = one[each.key] === null ? "" : String(one[each.key]);
      if (document.activeElement !== each.input) each.input.value = value;
    }
  };
  return { show };
}

// telling

const bar = (() => {
  const count = make("span", { role: "status" }), button = make("button.tell", { type: "button", onclick: () => report.open() });
  const warning = make("p.warn", { role: "status" });
  const made = make("div.dock", { role: "region" }, warning, make("div.row", {}, count, button));
  return {
    made,
    show() {
      const lang = language(), open = untold().length;
      made.setAttribute("aria-label", say("report", lang));
      warning.textContent = say("unkept", lang);
      count.textContent = say("count", lang, records.size, sheet.stops.length) + (open ? " · " + say("open", lang, open) : "");
      button.textContent = say("report", lang);
      button.disabled = !records.size;
    },
  };
})();

const report = (() => {
  const made = make("div.report", { role: "dialog", "aria-modal": "true", hidden: "" });
  let before = null;
  const mark = () => {
    for (const one of chosen()) told.set(one.code, same(one));
    changed();
  };
  const close = () => {
    made.hidden = true;
    document.querySelector("main").inert = bar.made.inert = false;
    if (before) before.focus();
  };
  made.addEventListener("keydown", (event) => { if (event.key === "Escape") close(); });
  const copy = async (area, said, lang) => {
    let is = false;
    try {
      await navigator.clipboard.writeText(area.value);
      is = true;
    } catch (refused) {
      area.select();
      is = document.execCommand("copy");
    }
    said.textContent = say(is ? "copied" : "copy_by_hand", lang);
    if (is) mark();
  };
  const open = () => {
    const lang = language(), id = "report-title";
    const area = make("textarea", { readonly: "", rows: "5", "aria-label": say("message", lang) });
    area.value = text();
    const said = make("p.said", { role: "status" });
    const share = { text: area.value };
    const buttons = [
      make("button.main", { type: "button", onclick: () => copy(area, said, lang) }, say("copy", lang)),
      make("a.button", { href: "sms:?&body=" + encodeURIComponent(area.value), onclick: mark }, say("sms", lang)),
      ...(navigator.share ? [make("button", { type: "button", onclick: () => navigator.share(share).then(mark, () => {}) }, say("share", lang))] : []),
    ];
    const missing = sheet.stops.length - records.size;
    made.setAttribute("aria-labelledby", id);
    made.textContent = "";
    made.append(
      make("h2", { id, tabindex: "-1" }, say("report", lang)),
      make("p", {}, say("how_to_tell", lang) + (missing ? " " + say("missing", lang, missing) : "")),
      make("ol", {}, ...chosen().map((one) => make("li", {}, `${orders.get(one.code)} · ${one.code} · ${clock(one)} · ${outcome(one.n, lang)}`))),
      area, make("div.buttons", {}, ...buttons), said, ...codes(lang),
      make("button.close", { type: "button", onclick: close }, say("close", lang)));
    before = document.activeElement;
    document.querySelector("main").inert = bar.made.inert = true;
    made.hidden = false;
    made.scrollTop = 0;
    made.querySelector("h2").focus();
  };
  return { made, open };
})();

/** QR codes of the message, a few records each so that a camera in the rain can read them. */
function codes(lang) {
  const own = chosen(), parts = [];
  for (let at = 0; at < own.length; at += PER_CODE) parts.push(message(sheet.plan, own.slice(at, at + PER_CODE)));
  if (typeof leanQr === "undefined") return [];
  return parts.map((part, number) => {
    const name = parts.length > 1 ? ` ${number + 1}/${parts.length}` : "";
    return make("figure", {}, drawn(encoded(part), say("qr", lang) + name), make("figcaption", {}, say("qr", lang) + name));
  });
}

/** In alphanumeric mode, which is what the message is made for. */
const encoded = (part) => leanQr.generate(leanQr.mode.alphaNumeric(part), { minCorrectionLevel: 1 });

function drawn(code, name) {
  const space = "http://www.w3.org/2000/svg", svg = document.createElementNS(space, "svg"), path = document.createElementNS(space, "path");
  let line = "";
  for (let y = 0; y < code.size; y++) for (let x = 0; x < code.size; x++) if (code.get(x, y)) line += `M${x + 4} ${y + 4}h1v1h-1z`;
  for (const [key, value] of Object.entries({ class: "qr", viewBox: `0 0 ${code.size + 8} ${code.size + 8}`, role: "img", "aria-label": name })) svg.setAttribute(key, value);
  path.setAttribute("d", line);
  svg.append(path);
  return svg;
}

/** What was kept before, as far as it is of these stops. */
async function remembered() {
  kept = keeper(sheet.plan + ":" + sheet.who);
  const old = kept && await kept.read();
  for (const one of (old && Array.isArray(old.records) && old.records) || []) {
    const whole = one && orders.has(one.code) && one.n >= 1 && one.n <= sheet.outcomes.length && Number.isInteger(one.after);
    const parts = (key) => (Number.isInteger(one[key]) ? one[key] : null);
    if (whole) records.set(one.code, { code: one.code, n: one.n, after: one.after, there: parts("there"), sent: parts("sent"), note: String(one.note || "") });
  }
  for (const [code, said] of (old && Array.isArray(old.told) && old.told) || []) if (orders.has(code)) told.set(code, said);
}

async function start() {
  await remembered();
  for (const box of document.querySelectorAll(".outcome[data-code]")) panels.push(panel(box));
  document.body.append(bar.made, report.made);
  for (const radio of document.querySelectorAll("[name=lang]")) {
    radio.addEventListener("change", () => {
      document.documentElement.lang = language() ? "en" : "zh-CN";
      bar.show();
    });
  }
  const folded = [...document.querySelectorAll("details")];
  const fold = (open) => () => folded.forEach((one) => { one.open = open; });
  fold(false)();
  window.addEventListener("beforeprint", fold(true));
  window.addEventListener("afterprint", fold(false));
  document.body.classList.add("alive");
  await changed();
}

start();
