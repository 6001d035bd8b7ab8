// A list of any length that holds only the rows in sight.

const ROWS_AROUND = 8;

/**
 * Rows of equal height, one of which may be opened and taller. `scroller` is the element that scrolls.
 * `show(items, { height, row, key, open })`: `row(item, at)` gives an <li>, `key(item)` what it is known by,
 * `open` the key of the row that may be taller.
 */
class VirtualList {
  constructor(scroller) {
    Object.assign(this, { scroller, items: [], rows: new Map(), height: 60, extra: 0, all: false });
    this.root = make("ul.rows", {});
    this.scroller.addEventListener("scroll", () => this.render(), { passive: true });
    new ResizeObserver(() => this.render()).observe(scroller);
    this.root.addEventListener("keydown", (event) => this.step(event));
    // a row that is tabbed to comes into sight; one under the pointer stays where it is
    document.addEventListener("keydown", () => { this.keyed = true; }, true);
    document.addEventListener("pointerdown", () => { this.keyed = false; }, true);
    this.root.addEventListener("focusin", (event) => {
      const row = event.target.closest("li");
      if (this.keyed && row && row.parentNode === this.root) this.reveal(Number(row.dataset.at), "nearest");
    });
  }

  show(items, { height, row, key, open = null }) {
    Object.assign(this, { items, height, row, key, open, openAt: open === null ? -1 : items.findIndex((item) => key(item) === open), extra: 0 });
    const focused = this.rows.has(this.focusedAt()) ? this.key(this.items[this.focusedAt()] ?? {}) : null;
    for (const element of this.rows.values()) element.remove();
    this.rows.clear();
    this.render();
    return focused;
  }

  focusedAt() {
    const row = document.activeElement && document.activeElement.closest && document.activeElement.closest("li");
    return row && row.parentNode === this.root ? Number(row.dataset.at) : -1;
  }

  top(at) { return at * this.height + (this.openAt >= 0 && at > this.openAt ? this.extra : 0); }

  render() {
    if (!this.row) return;
    const total = this.items.length, above = this.root.getBoundingClientRect().top - this.scroller.getBoundingClientRect().top;
    const from = this.all ? 0 : Math.max(0, Math.min(total - 1, Math.floor((-above - this.extra) / this.height)) - ROWS_AROUND);
    const last = Math.ceil((-above + this.scroller.clientHeight) / this.height) + ROWS_AROUND;
    const until = Math.min(total, this.all || Math.max(from + 2 * ROWS_AROUND, last));
    for (const [at, element] of this.rows) {
      if ((at < from || at >= until) && at !== this.focusedAt()) {
        element.remove();
        this.rows.delete(at);
      }
    }
    let next = this.root.firstElementChild;
    for (let at = from; at < until; at++) {
      let element = this.rows.get(at);
      if (!element) {
        element = this.row(this.items[at], at);
        element.dataset.at = String(at);
        element.setAttribute("aria-setsize", String(total));
        element.setAttribute("aria-posinset", String(at + 1));
        while (next && Number(next.dataset.at) < at) next = next.nextElementSibling;
        this.root.insertBefore(element, next);
        this.rows.set(at, element);
        if (at === this.openAt) this.extra = Math.max(0, element.offsetHeight - this.height);
      }
    }
    for (const [at, element] of this.rows) element.style.top = this.top(at) + "px";
    this.root.style.height = total * this.height + this.extra + "px";
  }

  /** Bring a row into sight. */
  reveal(at, block = "nearest") {
    if (at < 0) return;
    const shelf = this.scroller.querySelector(".find"), covered = shelf && getComputedStyle(shelf).position === "sticky" ? shelf.offsetHeight : 0;
    const top = this.root.getBoundingClientRect().top - this.scroller.getBoundingClientRect().top + this.top(at);
    const room = this.scroller.clientHeight;
    if (top < covered) this.scroller.scrollTop += top - covered - 4;
    else if (top + this.height > room) this.scroller.scrollTop += block === "nearest" ? top + this.height - room + 4 : top - covered;
    this.render();
  }

  /** Up and down go from row to row, through those not yet made. */
  step(event) {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key], at = this.focusedAt();
    if (!by || at < 0 || !this.items[at + by]) return;
    event.preventDefault();
    this.reveal(at + by);
    const button = this.rows.get(at + by)?.querySelector("button");
    if (button) button.focus({ preventScroll: true });
  }

  /** For paper: the first rows, all of them made; `false` to go back. */
  lay(most) {
    this.all = most;
    this.root.classList.toggle("laid", Boolean(most));
    this.render();
  }
}
