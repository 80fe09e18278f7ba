// What a page of ours tells: views, events, orders. No cookie; an id is kept only after growth.consent(true).
(() => {
  "use strict";
  const tag = document.currentScript;
  const early = window.growth;
  if (!tag || (early && early.view)) return;
  const { signals = "gpc dnt", sites = "", side, country, consent, manual } = tag.dataset;
  const ours = sites.split(/[\s,]+/).filter(Boolean);
  const door = new URL("/e", tag.src).href;
  const KEY = "growth_visitor", LINK = "growth_link", TOKEN = "growth_token";
  const refuses = () =>
    (signals.includes("gpc") && navigator.globalPrivacyControl === true) ||
    (signals.includes("dnt") && navigator.doNotTrack === "1");
  const keep = (value) => {
    try {
      if (value) localStorage.setItem(KEY, value);
      else localStorage.removeItem(KEY);
    } catch {}
  };
  const uuid = () =>
    "10000000-1000-4000-8000-100000000000".replace(/[018]/g, (c) =>
      (+c ^ (crypto.getRandomValues(new Uint8Array(1))[0] & (15 >> (+c / 4)))).toString(16),
    );

  // Who comes by a link of ours brings along who it is; the address bar forgets it, so that nobody passes it on.
  const here = new URL(location.href);
  let came = here.searchParams.get(LINK);
  let token = here.searchParams.get(TOKEN);
  if (came || token) {
    here.searchParams.delete(LINK);
    here.searchParams.delete(TOKEN);
    history.replaceState(history.state, "", here);
  }

  let visitor = null;
  try {
    visitor = localStorage.getItem(KEY);
  } catch {}
  if (visitor && refuses()) keep((visitor = null));

  let waiting = [], flying = [], timer = 0, tries = 0, signed = "", signedAt = 0;
  const body = (events) => {
    const { timeZone: zone } = Intl.DateTimeFormat().resolvedOptions();
    const told = { events, zone, sent: new Date().toISOString(), automated: navigator.webdriver === true };
    if (visitor) Object.assign(told, { visitor, sign: true, link: came });
    return JSON.stringify(told);
  };
  const soon = (after) => (timer = timer || setTimeout(flush, after));
  const flush = async () => {
    timer = 0;
    if (flying.length || (!waiting.length && !visitor)) return;
    flying = waiting.splice(0, 40);
    const sending = visitor;
    let wait = 0;
    try {
      const answer = await fetch(door, { method: "POST", body: body(flying), keepalive: true, credentials: "omit" });
      if (answer.status === 429 || answer.status > 499) wait = +answer.headers.get("Retry-After") || 1;
      else if (answer.ok) take(await answer.json(), sending);
    } catch {
      wait = 1;
    }
    if (wait) {
      waiting = [...flying, ...waiting].slice(-500);
      flying = [];
      if (tries++ < 12) soon(1000 * Math.max(wait, Math.min(2 ** tries, 300)));
      return;
    }
    tries = 0;
    flying = [];
    if (waiting.length) soon(0);
  };
  const take = (told, sending) => {
    if (!told.link || !visitor || visitor !== sending) return;
    keep((visitor = told.visitor));
    came = null;
    signed = told.link;
    signedAt = Date.now();
  };
  const leave = () => {
    // What is under way goes once more: an event is known by its id, so twice is once.
    const events = [...flying, ...waiting];
    if (events.length && navigator.sendBeacon(door, body(events))) waiting = [];
  };
  const add = (kind, properties, more) => {
    const event = { id: uuid(), kind, at: new Date().toISOString(), side, country, properties, ...more };
    if (visitor && token) event.token = token;
    waiting.push(event);
    soon(200);
  };

  let last = "", before = document.referrer;
  const view = (properties) => {
    const url = location.href.split("#")[0];
    const [{ responseStart } = {}] = last ? [] : performance.getEntriesByType("navigation");
    const answer_ms = Math.round(responseStart) || undefined;
    last = url;
    add("page_view", { url, referrer: before, title: document.title.slice(0, 300), answer_ms, ...properties });
    before = url;
  };
  const moved = () => {
    if (last && location.href.split("#")[0] !== last) setTimeout(view, 0);
  };

  const decorated = (to) => {
    if (!visitor || Date.now() - signedAt > 240000) return to;
    const url = new URL(to, location.href);
    url.searchParams.set(LINK, signed);
    return url.href;
  };
  const away = (event) => {
    const link = event.target.closest && event.target.closest("a[href]");
    const there = link && link.host !== location.host && /^http/.test(link.protocol);
    return there && ours.some((one) => one === link.host || ("." + link.hostname).endsWith("." + one)) && link;
  };
  const approach = (event) => {
    if (visitor && Date.now() - signedAt > 120000 && away(event)) soon(0);
  };
  const follow = (event) => {
    const link = away(event);
    if (!link) return;
    const plain = link.href;
    link.href = decorated(plain);
    setTimeout(() => (link.href = plain), 0);
  };

  const growth = (window.growth = {
    view,
    track: (name, properties) => add("custom", { ...properties, name }),
    order: (properties, proof) => add("order", properties, { id: "order " + properties.order, proof }),
    identify: (given) => {
      token = given;
      if (visitor && token) add("identify");
    },
    consent: (given) => {
      if (!given || refuses()) {
        keep((visitor = signed = null));
        signedAt = 0;
        return false;
      }
      if (!visitor) keep((visitor = uuid()));
      if (token) add("identify");
      soon(0);
      return true;
    },
    link: decorated,
    push: (...calls) => calls.forEach(([name, ...given]) => growth[name] && growth[name](...given)),
  });

  for (const name of ["pushState", "replaceState"]) {
    const real = history[name];
    history[name] = function (...given) {
      real.apply(this, given);
      moved();
    };
  }
  addEventListener("popstate", moved);
  addEventListener("pagehide", leave);
  addEventListener("pageshow", (event) => event.persisted && last && view());
  addEventListener("online", () => waiting.length && soon(0));
  document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" && leave());
  for (const name of ["pointerover", "focusin", "touchstart"]) document.addEventListener(name, approach, { passive: true });
  for (const name of ["click", "auxclick"]) document.addEventListener(name, follow, true);

  const begin = () => {
    if (consent === "given" && !visitor) growth.consent(true);
    if (manual === undefined) view();
    if (Array.isArray(early)) growth.push(...early);
  };
  if (document.prerendering) document.addEventListener("prerenderingchange", begin, { once: true });
  else begin();
})();
