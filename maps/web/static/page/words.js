// Words, figures and elements: every text enters the page through textContent, here.
(function (gg) {
  "use strict";
  let words = {};
  let lang = "zh";

  gg.setWords = (given, language) => {
    words = given;
    lang = language;
  };
  gg.lang = () => lang;

  // a page that cannot be drawn says so in the place of the sentence that asks to wait
  window.addEventListener("error", () => {
    const wait = document.getElementById("wait");
    if (wait) wait.textContent = wait.dataset.failed;
  });

  // say("map word", {field: value}); an unknown key gives the last part of itself
  gg.say = (key, facts) => {
    const text = key in words ? words[key] : key.slice(key.lastIndexOf(".") + 1);
    return facts
      ? text.replace(/\{(\w+)\}/g, (whole, name) => (name in facts ? String(facts[name]) : whole))
      : text;
  };
  // a word of a list (map.state.reported), else the given text itself: sites have own words
  gg.choice = (list, value) => {
    if (!value) return gg.say("unknown");
    return `${list}.${value}` in words ? words[`${list}.${value}`] : value;
  };

  // h("div.big", {title: "…"}, child, …): a child is a text, an element, a list, or nothing
  gg.h = (what, attributes, ...children) => {
    const [tag, ...classes] = what.split(".");
    const element = document.createElement(tag || "div");
    if (classes.length) element.className = classes.join(" ");
    for (const [name, value] of Object.entries(attributes || {})) {
      if (typeof value === "function") element.addEventListener(name, value);
      else if (value !== null && value !== undefined && value !== false)
        element.setAttribute(name, value === true ? "" : value);
    }
    const add = (child) => {
      if (Array.isArray(child)) child.forEach(add);
      else if (child !== null && child !== undefined && child !== false) element.append(child);
    };
    children.forEach(add);
    return element;
  };

  // in Chinese whole numbers of four digits stand together
  const grouped = (n, digits) =>
    n
      .toLocaleString("en-US", {
        minimumFractionDigits: digits,
        maximumFractionDigits: digits,
        useGrouping: lang !== "zh" || n >= 10000,
      })
      .replace(/,/g, lang === "zh" ? "\u202f" : ",");
  gg.number = (n, digits = 0) => (n === null || n === undefined ? "—" : grouped(n, digits));
  gg.share = (s) => (s === null || s === undefined ? "—" : `${(s * 100).toFixed(1)}%`);
  gg.area = (m2) => {
    if (m2 === null || m2 === undefined) return "—";
    if (m2 < 10000) return gg.say("unit.m2", { n: grouped(Math.round(m2), 0) });
    const km2 = m2 / 1e6;
    return gg.say("unit.km2", { n: grouped(km2, km2 < 0.1 ? 3 : 2) });
  };
  gg.distance = (m) => {
    if (m === null || m === undefined) return "—";
    return m >= 1000
      ? gg.say("unit.km", { n: grouped(m / 1000, 1) })
      : gg.say("unit.m", { n: Math.round(m) });
  };
  const DIRECTIONS = ["n", "ne", "e", "se", "s", "sw", "w", "nw"];
  gg.heading = (deg) => {
    if (deg === null || deg === undefined) return gg.say("unknown");
    const turned = ((deg % 360) + 360) % 360;
    return gg.say("unit.heading", {
      direction: gg.say(`direction.${DIRECTIONS[Math.round(turned / 45) % 8]}`),
      n: Math.round(turned) % 360,
    });
  };
  // "2026-09-30 21:40" as people write it
  gg.time = (text) => {
    const found = /^(\d{4})-(\d\d)-(\d\d)[ T](\d\d:\d\d)/.exec(text);
    if (!found) return text || gg.say("unknown");
    const [, year, month, day, clock] = found;
    return gg.say("time", { year, month: gg.say(`month.m${Number(month)}`), day: Number(day), clock });
  };

  // official codes in groups on the screen, without blanks when copied
  const GROUPS = { 12: [6, 3, 3], 15: [6, 3, 3, 3], 20: [8, 2, 3, 1, 6] };
  gg.code = (text) => {
    const sizes = /^\d+$/.test(text) ? GROUPS[text.length] : null;
    if (!sizes) return gg.h("span.code", {}, text);
    let at = 0;
    return gg.h(
      "span.code",
      {},
      sizes.map((size) => gg.h("span", {}, text.slice(at, (at += size)))),
    );
  };
})((window.govgrid = window.govgrid || {}));
