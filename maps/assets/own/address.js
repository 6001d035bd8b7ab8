// The address bar keeps what is shown, so that a page opened again, or a link to it, shows the same.

const address = {
  parts: [],

  /** `read(params)` takes from the address, `write(params)` puts into it. */
  keep(read, write) { this.parts.push({ read, write }); },

  read() {
    const params = new URLSearchParams(location.hash.slice(1));
    for (const part of this.parts) part.read(params);
  },

  /** Written a little later, and once for many changes. */
  write() {
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.flush(), 120);
  },

  flush() {
    const params = new URLSearchParams();
    for (const part of this.parts) part.write(params);
    this.last = "#" + params;
    try {
      history.replaceState(null, "", this.last);
    } catch {
      // some viewers forbid it; the page works without
    }
  },
};
