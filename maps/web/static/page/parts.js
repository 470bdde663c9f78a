// What the panel is made of: heads, facts, lists, chips, bars.
(function (gg) {
  "use strict";
  const h = gg.h;
  const say = gg.say;

  const facts = (pairs) =>
    h(
      "dl",
      {},
      pairs
        .filter(([, value]) => value !== null && value !== undefined && value !== "")
        .map(([label, value, note]) =>
          h("div", {}, h("dt", {}, label), h("dd", {}, value, note ? h("small", {}, note) : null)),
        ),
    );
  const link = (text, act) => h("button.link", { type: "button", click: act }, text);
  const heading = (kind, title, chips, back) =>
    h(
      "header",
      {},
      h(
        "p.kind",
        {},
        h("span", {}, kind),
        back ? h("button.back", { type: "button", click: back }, say("back")) : null,
      ),
      h("h2", {}, title),
      chips && chips.length ? h("p.chips", {}, chips) : null,
    );
  const chip = (text, name) => h(`span.chip${name ? `.${name}` : ""}`, {}, text);
  // a number of an office, dialled on a phone; anything else stays text
  const phone = (text) => {
    const dial = (text || "").replace(/[\s()（）-]/g, "");
    return /^\+?\d{3,15}$/.test(dial) ? h("a", { href: `tel:${dial}` }, text) : text;
  };
  const bar = (share) =>
    h("span.bar", { "aria-hidden": "true" }, h("i", { style: `width:${Math.round((share || 0) * 100)}%` }));
  const MOST = 40;
  const list = (title, rows, entry) =>
    rows.length === 0
      ? null
      : h(
          "section",
          {},
          h("h3", {}, title),
          h(
            "ul.plain",
            {},
            rows.slice(0, MOST).map((row) => h("li", {}, entry(row))),
          ),
          rows.length > MOST ? h("p.hint", {}, say("area.more", { n: rows.length - MOST })) : null,
        );

  gg.parts = { facts, link, heading, chip, phone, bar, list };
})((window.govgrid = window.govgrid || {}));
