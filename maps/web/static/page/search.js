// The search box: areas, cameras, incidents, centres and places by code or name, or a coordinate.
(function (gg) {
  "use strict";
  const h = gg.h;
  const MOST = 12;

  const folded = (text) =>
    text
      .normalize("NFKC")
      .toLowerCase()
      .replace(/[\s\u202f]/g, "");

  // [folded code, folded name, kind, row, what is shown, sign]
  const index = (data) => {
    const entries = [];
    const add = (layer, kind, names, word, text = (k) => names[k]) =>
      names.forEach((name, k) => {
        const code = layer.code ? layer.code[k] : "";
        entries.push({
          code: folded(code),
          name: folded(name),
          kind,
          k,
          text: text(k) || code,
          more: code,
          word: word(k),
        });
      });
    const LEVELS = ["district", "township", "community", "grid"];
    add(
      data.areas,
      "area",
      data.areas.name,
      (k) => gg.say(`level.${LEVELS[data.areas.level[k]]}`),
      (k) => gg.fullName(data.areas, k),
    );
    add(data.incidents, "incident", data.incidents.title, () => gg.say("incident.title"));
    add(data.places, "place", data.places.name, () => gg.say("place.title"));
    add(data.centres, "centre", data.centres.name, () => gg.say("centre.title"));
    add(data.cameras, "camera", data.cameras.name, (k) => gg.say(`layer.${data.cameras.kind[k]}`));
    return entries;
  };

  // smaller is better: the whole code, the whole name, then beginnings, then parts
  const rank = (entry, query) => {
    if (entry.code === query) return 0;
    if (entry.name === query) return 1;
    if (entry.name.startsWith(query)) return 2;
    if (entry.code && entry.code.startsWith(query)) return 3;
    if (entry.name.includes(query)) return 4;
    return entry.code.includes(query) ? 5 : Infinity;
  };
  gg.find = (entries, text) => {
    const query = folded(text);
    if (!query) return [];
    return entries
      .map((entry, order) => ({ entry, order, rank: rank(entry, query) }))
      .filter((hit) => hit.rank < Infinity)
      .sort((a, b) => a.rank - b.rank || a.order - b.order)
      .map((hit) => hit.entry);
  };

  const coordinate = (text) => {
    const found = /^\s*(-?\d{1,3}\.\d+)\s*[,，\s]\s*(-?\d{1,2}\.\d+)\s*$/.exec(text);
    return found && Math.abs(found[1]) <= 180 && Math.abs(found[2]) <= 85
      ? { lon: Number(found[1]), lat: Number(found[2]) }
      : null;
  };

  gg.search = (data, choose, goTo) => {
    const box = document.getElementById("find");
    const list = document.getElementById("found");
    const count = document.getElementById("found-count");
    let entries = null;
    let hits = [];
    let at = -1;

    const close = () => {
      list.hidden = true;
      box.setAttribute("aria-expanded", "false");
      box.removeAttribute("aria-activedescendant");
      at = -1;
    };
    const take = (hit) => {
      close();
      document.getElementById("detail").focus({ preventScroll: true });
      if (hit.point) goTo(hit.point);
      else choose(hit.kind, hit.k);
    };
    const mark = (to) => {
      at = hits.length ? (to + hits.length) % hits.length : -1;
      [...list.querySelectorAll("[role=option]")].forEach((option, k) => {
        option.setAttribute("aria-selected", String(k === at));
        if (k === at) {
          option.scrollIntoView({ block: "nearest" });
          box.setAttribute("aria-activedescendant", option.id);
        }
      });
    };
    const option = (hit, k) =>
      h(
        "div.option",
        {
          id: `hit-${k}`,
          role: "option",
          "aria-selected": "false",
          mousedown: (event) => event.preventDefault(),
          click: () => take(hit),
        },
        h("span.word", {}, hit.word),
        h("span.text", {}, hit.text),
        h("span.more", {}, hit.more && hit.more !== hit.text ? gg.code(hit.more) : ""),
      );
    const look = () => {
      entries = entries || index(data);
      const text = box.value;
      if (!text.trim()) return close();
      const point = coordinate(text);
      const all = point
        ? [{ point, word: gg.say("search.coordinate"), text: `${point.lon}, ${point.lat}`, more: "" }]
        : gg.find(entries, text);
      hits = all.slice(0, MOST);
      const words =
        all.length === 0
          ? gg.say("search.none", { query: text.trim() })
          : all.length > MOST
            ? gg.say("search.first", { n: all.length, shown: MOST })
            : gg.say("search.found", { n: all.length });
      list.replaceChildren(...hits.map(option), h("p.count", {}, words));
      count.textContent = words;
      list.hidden = false;
      box.setAttribute("aria-expanded", "true");
      mark(0);
    };
    box.addEventListener("input", look);
    box.addEventListener("focus", () => {
      if (box.value) look();
    });
    box.addEventListener("blur", close);
    box.addEventListener("keydown", (event) => {
      if (event.isComposing) return;
      if (event.key === "ArrowDown") {
        list.hidden ? look() : mark(at + 1);
        event.preventDefault();
      } else if (event.key === "ArrowUp") {
        mark(at - 1);
        event.preventDefault();
      } else if (event.key === "Enter" && at >= 0) {
        take(hits[at]);
        event.preventDefault();
      } else if (event.key === "Escape") {
        if (list.hidden) box.value = "";
        close();
      }
    });
    document.addEventListener("keydown", (event) => {
      if (event.key === "/" && !/^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement.tagName)) {
        box.focus();
        box.select();
        event.preventDefault();
      }
    });
  };
})((window.govgrid = window.govgrid || {}));
