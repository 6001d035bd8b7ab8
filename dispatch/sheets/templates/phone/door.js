// The door of a sealed sheet: the passphrase opens it, and seals what is recorded on it.

const sealed = JSON.parse(document.getElementById("door-data").textContent), seal = sealed.seal;
const said = document.getElementById("door-said"), button = document.querySelector("#door button");
const tell = (key) => { said.textContent = sealed.words[key].join(" "); };

function bytesOf(base64) {
  const text = atob(base64), bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
  return bytes;
}

function base64Of(bytes) {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

const how = (iv, about) => ({ name: "AES-GCM", iv, additionalData: new TextEncoder().encode(about), tagLength: 128 });

/** What the page keeps on this phone goes through here: sealed by the same key. */
function vaultOf(key) {
  const about = "dispatch-kept-1", subtle = window.crypto.subtle;
  return {
    async close(text) {
      const iv = window.crypto.getRandomValues(new Uint8Array(12));
      return base64Of(iv) + "." + base64Of(new Uint8Array(await subtle.encrypt(how(iv, about), key, new TextEncoder().encode(text))));
    },
    async open(text) {
      const [iv, data] = text.split(".").map(bytesOf);
      return new TextDecoder().decode(await subtle.decrypt(how(iv, about), key, data));
    },
  };
}

async function unlock(phrase) {
  const subtle = window.crypto.subtle, secret = new TextEncoder().encode(phrase.normalize("NFC"));
  const base = await subtle.importKey("raw", secret, "PBKDF2", false, ["deriveKey"]);
  const key = await subtle.deriveKey(
    { name: "PBKDF2", hash: "SHA-256", salt: bytesOf(seal.salt), iterations: seal.iterations },
    base, { name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
  const page = await subtle.decrypt(how(bytesOf(seal.nonce), seal.about), key, bytesOf(sealed.data));
  window.dispatchVault = vaultOf(key);
  const text = new TextDecoder().decode(page);
  document.open();
  document.write(text); // our own page, and its seal says so; the policy of this one holds for it too
  document.close();
}

document.getElementById("door").addEventListener("submit", async (event) => {
  event.preventDefault();
  if (!window.crypto || !window.crypto.subtle) return tell("unable");
  button.disabled = true;
  tell("opening");
  try {
    await unlock(document.getElementById("phrase").value);
  } catch (refused) {
    tell("wrong");
    button.disabled = false;
    document.getElementById("phrase").select();
  }
});
