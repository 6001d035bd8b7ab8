// Runs before all else, in the oldest of JavaScript: says so where the browser is too old for the rest.
(function () {
  var said = "此浏览器过旧，无法显示此图。请用 Chromium 内核 80 或更新的浏览器打开。 "
    + "This browser is too old for this map; open it with one built on Chromium 80 or newer.";
  var damaged = "此文件已损坏，无法显示，请重新导出。 This file is damaged and cannot be shown; export it again.";
  var capable = "DecompressionStream" in window && "Promise" in window;
  function say(text) {
    var note = document.getElementById("gate") || document.createElement("p");
    note.id = "gate";
    note.className = "gate";
    note.setAttribute("role", "alert");
    note.textContent = text;
    document.body.insertBefore(note, document.body.firstChild);
  }
  if (!capable) say(said);
  window.dispatchGate = { capable: capable, failed: function (error) { say((error && error.shown) || (capable ? damaged : said)); } };
})();
