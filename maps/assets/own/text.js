// Words, numbers and moments in both languages, and the one way this page makes elements.

const state = { language: "zh", tab: "now", selected: null, query: "" };

const WORDS = {
  asOf: ["数据截至", "Data as of"],
  live: ["{0}前", "{0} old"],
  fresh: ["刚刚更新", "just now"],
  drillClock: ["演练时刻", "practice clock"],
  stale: ["已过时，请刷新预案", "stale: plan again"],
  practice: ["演练数据 · 人物、警情与道路均为虚构，不得用于实战", "PRACTICE DATA · people, alerts and roads are invented; not for real use"],
  visited: ["已安排上门", "visited"],
  leftOut: ["未安排", "left out"],
  averted: ["模型挽损", "averted (model)"],
  share: ["30 分钟内到达", "reached in 30 min"],
  expected: ["预期损失", "expected loss"],
  nobody: ["无人上门", "nobody goes"],
  versus: ["若按就近派遣，预期损失", "nearest first would lose"],
  nearest: ["就近 {0}", "vs {0}"],
  less: ["少损失 {0}", "{0} less lost"],
  moreLost: ["多损失 {0}", "{0} more lost"],
  numbersSaid: ["本方案四项指标；“就近”为就近派遣的同项数字", "this plan in four numbers; “vs” is the same for nearest first"],
  bound: ["损失下界", "proved bound"],
  sumTitle: ["收到 {0} 条预警", "{0} alerts received"],
  rejected: ["驳回", "rejected"],
  notYet: ["未到时间", "not yet"],
  noVisit: ["无需上门", "no visit"],
  planned: ["已安排", "planned"],
  sumCloses: ["合计相符", "the sum closes"],
  sumOpen: ["合计不符：有 {0} 条预警下落不明", "does not add up: {0} alerts unaccounted for"],
  tabNow: ["立即处置", "Act now"],
  tabRoutes: ["路线", "Routes"],
  tabOut: ["未安排", "Left out"],
  nowHint: ["按每分钟损失排序，越靠前越急", "by yuan lost per minute, most urgent first"],
  routesHint: ["按可挽损金额排序，点击查看路线", "by money at stake; click to follow one"],
  outHint: ["无人上门的警情及原因", "cases nobody goes to, and why"],
  search: ["搜索编号、姓名、地点、处置力量", "Search id, name, place or responder"],
  found: ["找到 {0} 项", "{0} found"],
  nothing: ["没有符合的结果", "nothing matches"],
  more: ["再显示 {0} 项", "show {0} more"],
  perMinute: ["{0}/分钟", "{0}/min"],
  minutes: ["{0} 分钟", "{0} min"],
  hours: ["{0} 小时", "{0} h"],
  days: ["{0} 天", "{0} d"],
  kilometres: ["{0} 公里", "{0} km"],
  stops: ["{0} 站", "{0} stops"],
  eta: ["{0} 到", "ETA {0}"],
  overdue: ["已超时", "overdue"],
  homeAt: ["{0} 返回驻地", "home {0}"],
  drive: ["车程 {0}", "{0} drive"],
  wait: ["等候 {0}", "wait {0}"],
  find: ["寻找 {0}", "search {0}"],
  close: ["关闭", "Close"],
  copy: ["复制指令", "Copy instruction"],
  copied: ["已复制", "Copied"],
  amount: ["涉险金额", "at risk"],
  savable: ["仍可挽回", "still to save"],
  lossRate: ["每分钟损失", "lost per minute"],
  curve: ["损失随到达时间", "loss by time of first contact"],
  curveSaid: ["若 {0} 到达，预计损失 {1}；无人上门则损失 {2}", "contact at {0} loses {1}; nobody going loses {2}"],
  curveOut: ["无人上门预计损失 {0}", "nobody going loses {0}"],
  due: ["时限", "due"],
  places: ["可能地点", "where"],
  chance: ["可能性 {0}", "{0} likely"],
  radius: ["误差 ±{0} 米", "±{0} m"],
  ageOf: ["{0}前定位", "{0} old"],
  reasons: ["为何上门", "why a visit"],
  needs: ["所需条件", "needs"],
  whyThis: ["为何派此力量", "why this responder"],
  whyOut: ["为何未安排", "why left out"],
  instruction: ["处置指令", "instruction"],
  contact: ["联系", "contact"],
  note: ["备注", "note"],
  warned: ["预警 {0} 次", "{0} warnings"],
  goes: ["处置力量", "responder"],
  legend: ["图例", "Legend"],
  case: ["警情", "Case"],
  outMark: ["未安排（空心叉号）", "left out (hollow, crossed)"],
  stopNumber: ["数字为该路线到访顺序", "numbers: order within the route"],
  idle: ["在岗待命", "on duty, not sent"],
  off: ["不在班", "off shift"],
  routeMark: ["路线与方向", "route and direction"],
  radiusMark: ["位置误差范围", "uncertainty of place"],
  otherMark: ["其他可能地点", "other candidate place"],
  countyLine: ["县界", "county boundary"],
  townLine: ["镇界", "town boundary"],
  shutMark: ["道路封闭（{0} 处）", "road closed ({0})"],
  slowMark: ["减速路段（{0} 处）", "slowed road ({0})"],
  laterMark: ["淡色：尚未开始", "paler: not begun yet"],
  closedFor: ["道路封闭", "road closed"],
  slowedTo: ["车速为平时的 {0}", "{0} of the usual speed"],
  closureFrom: ["{0} 起", "from {0}"],
  closureTo: ["至 {0}", "to {0}"],
  closureOpen: ["未定何时解除", "until further notice"],
  closureLater: ["尚未开始", "not begun yet"],
  warnings: ["注意", "Mind"],
  layers: ["显示", "Show"],
  layerRoutes: ["路线", "routes"],
  layerResponders: ["处置力量", "responders"],
  layerRadius: ["误差范围", "uncertainty"],
  layerClosures: ["道路管制", "closures"],
  layerNames: ["地名", "place names"],
  map: ["地图", "Map"],
  panel: ["调度面板", "Dispatch panel"],
  zoomIn: ["放大", "Zoom in"],
  zoomOut: ["缩小", "Zoom out"],
  whole: ["全图", "Whole plan"],
  print: ["打印", "Print"],
  resize: ["展开或收起面板", "Enlarge or shrink the panel"],
  north: ["北", "N"],
  shift: ["班次 {0}–{1}", "on shift {0}–{1}"],
  none: ["无", "none"],
  unnamed: ["（未登记姓名）", "(no name)"],
  averts: ["挽损 {0}", "saves {0}"],
  skip: ["跳到面板", "Skip to the panel"],
  clusterSaid: ["{0} 起警情，其中特高危 {1} 起", "{0} cases, {1} of them critical"],
  policy: ["方案", "policy"],
  openError: ["此文件已损坏或浏览器过旧，无法显示", "This file is damaged or the browser is too old to show it"],
};

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

/** Words that came from outside: isolated, so that right-to-left marks end where they end. */
const given = (text) => make("bdi", {}, text);
