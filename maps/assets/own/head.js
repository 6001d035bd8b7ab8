// The head of every panel: which area, what it is, as of when and how old that is; language and print.

/** { root, tick }: `tick` says the age again; `beside` stands after it. */
function pageHead(...beside) {
  const age = make("span.age"), other = state.language === "zh" ? "English" : "中文";
  const root = make("header.head", {},
    make("div.grow", {}, make("h1", {}, given(data.area), make("span.title", {}, " ", given(pick(data.title)))),
      make("p.fresh", {}, say("asOf"), " ", make("time", {}, clock(0, true)), " ", age, " ", beside)),
    make("div.head-buttons", {},
      make("button.small", { type: "button", id: "language", lang: state.language === "zh" ? "en" : "zh", onclick: kit.switchLanguage }, other),
      paper.controls()));
  const tick = () => {
    const minutes = (Date.now() / 1000 - data.at) / 60, stale = data.stale_minutes;
    const level = data.synthetic ? "drill" : minutes > stale ? "stale" : minutes > stale / 2 ? "old" : "fresh";
    age.className = "age " + level;
    age.textContent = data.synthetic ? say("drillClock")
      : (minutes < 1 ? say("fresh") : say("live", span(minutes))) + (level === "stale" ? " · " + say("stale") : "");
  };
  tick();
  return { root, tick };
}
