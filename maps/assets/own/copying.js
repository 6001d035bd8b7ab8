// Text into the clipboard, with or without the browser's leave.

async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = make("textarea.offscreen", { "aria-hidden": "true", tabindex: "-1" });
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}

/** A button that copies `text` and says whether it did. */
function copyButton(text, label, spoken, look = "action") {
  const button = make("button." + look, {
    type: "button", "aria-label": spoken,
    onclick: async (event) => {
      event.stopPropagation();
      const done = await copyText(text);
      announce(say(done ? "copied" : "copyFailed"));
      if (!done) return;
      button.textContent = "✓ " + say("copied");
      window.setTimeout(() => { button.textContent = label; }, 1600);
    },
  }, label);
  return button;
}

/** Said aloud to who does not see the page change. */
function announce(text) {
  let voice = document.getElementById("voice");
  if (!voice) {
    voice = make("div.offscreen", { id: "voice", role: "status", "aria-live": "polite" });
    document.body.append(voice);
  }
  voice.textContent = text;
}
