// What things count as: owner kinds of cameras, outcomes of incidents, and how many of each.
(function (gg) {
  "use strict";

  // a camera whose register names no owner kind is a kind of its own, never counted as another
  gg.OWNERS = ["skynet", "social", "unsorted"];
  gg.owner = (kind) => (kind === "skynet" || kind === "social" ? kind : "unsorted");

  // closed is what the closing rate counts; the others are neither closed nor waiting for anybody
  gg.OUTCOMES = ["open", "closed", "other"];
  const OTHER = new Set(["cancelled", "duplicate", "not_accepted", "self_handled"]);
  gg.outcome = (state) => (state === "closed" ? "closed" : OTHER.has(state) ? "other" : "open");

  gg.tally = (kinds, known) =>
    Object.fromEntries(known.map((kind) => [kind, kinds.filter((each) => each === kind).length]));
  // "a 12, b 3": the first two always, the rest only where there are some; of what is not granted
  // nobody is told that there are none
  gg.counted = (tally, word, closed = []) =>
    Object.entries(tally)
      .filter(([, n], place) => place < 2 || n > 0)
      .map(([kind, n]) =>
        n === 0 && closed.includes(kind)
          ? gg.say("owner.closed", { what: word(kind) })
          : gg.say("count_of", { what: word(kind), n: gg.number(n) }),
      )
      .join(gg.say("and"));
  gg.ownersText = (kinds, closed) =>
    gg.counted(gg.tally(kinds, gg.OWNERS), (kind) => gg.say(`owner.${kind}`), closed);
  // of which kinds no camera of an area may be shown
  gg.closedOf = (data, k) => (data.areas.closed[k] || "").split(",").filter(Boolean);
  gg.outcomesText = (tally) => gg.counted(tally, (kind) => gg.say(`outcome.${kind}`));
})((window.govgrid = window.govgrid || {}));
