// What was recorded, kept on this phone where it may be: by plan and by who goes, and no longer than a week.

const PREFIX = "dispatch-outcomes:", KEPT_MS = 7 * 24 * 3600 * 1000;

/** A place to keep one text, or null where this browser refuses. A sealed page keeps it sealed by its own key. */
function keeper(name) {
  const vault = window.dispatchVault || null, key = PREFIX + name;
  let store;
  try {
    store = window.localStorage;
    store.setItem(PREFIX + "?", "1");
    store.removeItem(PREFIX + "?");
  } catch (refused) {
    return null;
  }
  const parsed = (text) => {
    try {
      return JSON.parse(text) || {};
    } catch (damaged) {
      return {};
    }
  };
  for (const old of Object.keys(store).filter((one) => one.startsWith(PREFIX))) {
    if (!(parsed(store.getItem(old)).at > Date.now() - KEPT_MS)) store.removeItem(old);
  }
  return {
    async read() {
      const text = parsed(store.getItem(key)).text;
      if (typeof text !== "string") return null;
      try {
        return JSON.parse(vault ? await vault.open(text) : text);
      } catch (other) {
        return null; // of another passphrase, or damaged
      }
    },
    /** Whether it is kept now. */
    async write(value) {
      const text = JSON.stringify(value);
      try {
        store.setItem(key, JSON.stringify({ at: Date.now(), text: vault ? await vault.close(text) : text }));
        return true;
      } catch (full) {
        return false;
      }
    },
  };
}
