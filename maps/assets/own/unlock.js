// The door of a sealed page: asks for the passphrase until it opens the data.

const UNLOCK_WORDS = {
  title: ["此图已加密", "This map is encrypted"],
  ask: ["请输入口令", "Passphrase"],
  open: ["打开", "Open"],
  opening: ["正在解密…", "Opening…"],
  wrong: ["口令不对，请重新输入", "Wrong passphrase; try again"],
  unable: ["此浏览器在这种打开方式下不能解密。请把文件存到本机后双击打开，或换用新版浏览器", "This browser cannot decrypt here. Save the file to this machine and open it from there, or use a newer browser"],
};

/** The bytes inside a seal, once the right passphrase was given. */
function unlock(sealed, seal) {
  const page = document.getElementById("page"), lang = document.documentElement.lang.startsWith("en") ? 1 : 0;
  const words = (key) => UNLOCK_WORDS[key][lang];
  if (!window.crypto || !window.crypto.subtle) throw new Error(words("unable"));
  document.title = words("title");
  return new Promise((opened) => {
    const input = make("input", { type: "password", id: "passphrase", autocomplete: "off", required: true, "aria-describedby": "unlock-said" });
    const said = make("p.unlock-said", { id: "unlock-said", role: "alert" });
    const button = make("button.action", { type: "submit" }, words("open"));
    const form = make("form.unlock", {
      onsubmit: async (event) => {
        event.preventDefault();
        button.disabled = true;
        said.textContent = words("opening");
        try {
          const bytes = await unsealed(sealed, seal, input.value);
          form.remove();
          opened(bytes);
        } catch {
          said.textContent = words("wrong");
          button.disabled = false;
          input.select();
        }
      },
    }, make("h1", {}, "🔒 ", words("title")), make("label", { for: "passphrase" }, words("ask")), input, button, said);
    page.append(form);
    input.focus();
  });
}

/** AES-256-GCM under a key of PBKDF2-SHA256; fails for any phrase but the right one. */
async function unsealed(sealed, seal, phrase) {
  const subtle = window.crypto.subtle, secret = new TextEncoder().encode(phrase.normalize("NFC"));
  const base = await subtle.importKey("raw", secret, "PBKDF2", false, ["deriveKey"]);
  const key = await subtle.deriveKey(
    { name: "PBKDF2", hash: "SHA-256", salt: bytesOf(seal.salt), iterations: seal.iterations },
    base, { name: "AES-GCM", length: 256 }, false, ["decrypt"]);
  const opened = await subtle.decrypt(
    { name: "AES-GCM", iv: bytesOf(seal.nonce), additionalData: new TextEncoder().encode(seal.about), tagLength: 128 }, key, sealed);
  return new Uint8Array(opened);
}
