// A slider over time with play and pause; what it means is its owner's.

const PLAY_SECONDS = 40;
const SPEEDS = [0.5, 1, 2, 4];

/**
 * `until` minutes from 0; `values` are drawn behind the track; `changed(minutes, playing)` is called while it moves,
 * with null when it is put back. `told(minutes)` is what is said beside it, in words.
 */
class TimeSlider {
  constructor({ until, values, changed, told, still }) {
    Object.assign(this, { until, values, changed, told, still, minutes: null, speed: 1, playing: false });
    this.root = make("section.replay", {});
    this.draw();
  }

  draw(values = this.values) {
    this.values = values;
    this.root.setAttribute("aria-label", say("timeLine"));
    this.button = make("button.play", { type: "button", onclick: () => (this.playing ? this.pause() : this.play()) });
    this.input = make("input", {
      type: "range", id: "time", min: 0, max: this.until, step: 1, value: this.minutes === null ? 0 : this.minutes, "aria-label": say("timeLine"),
      oninput: () => { this.pause(); this.set(Number(this.input.value)); },
    });
    const speed = make("select", { "aria-label": say("speed"), onchange: (event) => { this.speed = Number(event.target.value); } },
      SPEEDS.map((value) => make("option", { value, selected: value === this.speed }, value + "×")));
    this.back = make("button.now", { type: "button", onclick: () => { this.pause(); this.set(null); } }, say("resetTime"));
    this.said = make("p.replay-said", {});
    this.when = make("b.when-now", {});
    this.root.replaceChildren(this.button, make("div.track", {}, stripChart(this.values), this.input), this.when, speed, this.back, this.said);
    this.tell();
  }

  tell() {
    const at = this.minutes;
    this.button.setAttribute("aria-label", say(this.playing ? "pause" : "play"));
    this.button.textContent = this.playing ? "❚❚" : "▶";
    this.when.textContent = at === null ? clock(0) : clock(at);
    this.input.setAttribute("aria-valuetext", at === null ? clock(0) : clock(at));
    this.back.hidden = at === null;
    this.root.classList.toggle("on", at !== null);
    this.said.replaceChildren(...(at === null ? [say("replayHint")] : this.told(at)));
  }

  set(minutes) {
    this.minutes = minutes === null ? null : Math.max(0, Math.min(this.until, minutes));
    this.input.value = String(this.minutes || 0);
    this.tell();
    this.changed(this.minutes, this.playing);
  }

  play() {
    if (this.playing) return;
    this.playing = true;
    if (this.minutes === null || this.minutes >= this.until) this.minutes = 0;
    let last = performance.now();
    const turn = (moment) => {
      if (!this.playing) return;
      const step = ((moment - last) / 1000) * (this.until / PLAY_SECONDS) * this.speed;
      last = moment;
      if (this.minutes + step >= this.until) {
        this.playing = false;
        this.set(this.until);
        return;
      }
      this.set(this.minutes + step);
      this.again(turn);
    };
    this.again(turn);
    this.tell();
  }

  /** Where motion is not wanted it goes in steps of half a second. */
  again(turn) {
    if (this.still) window.setTimeout(() => turn(performance.now()), 500);
    else window.requestAnimationFrame(turn);
  }

  pause() {
    if (!this.playing) return;
    this.playing = false;
    this.tell();
    this.changed(this.minutes, false);
  }
}
