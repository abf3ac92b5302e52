"use strict";
(() => {
  const all = (selector, from = document) => Array.from(from.querySelectorAll(selector));

  // ---- copying: browsers refuse the clipboard to some pages opened from disk, hence the second way
  async function copy(text) {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const area = document.createElement("textarea");
      area.value = text;
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
  }
  for (const button of all("[data-copy-text]")) {
    button.addEventListener("click", async () => {
      await copy(document.getElementById(button.dataset.copyText).textContent);
      button.textContent = "Copied";
      setTimeout(() => { button.textContent = "Copy"; }, 1500);
    });
  }

  // ---- definitions: shown beside a figure's name, by mouse and by keyboard
  const tip = document.getElementById("tip");
  function show(target) {
    const found = document.getElementById("def-" + target.dataset.term);
    if (!found) return;
    tip.textContent = found.querySelector("dt").firstChild.textContent.trim() + "\n" + found.querySelector("dd").textContent;
    tip.hidden = false;
    const at = target.getBoundingClientRect();
    const size = tip.getBoundingClientRect();
    const left = Math.max(8, Math.min(at.left, document.documentElement.clientWidth - size.width - 8));
    const below = at.bottom + 8 + size.height < window.innerHeight || at.top < size.height + 8;
    tip.style.left = left + window.scrollX + "px";
    tip.style.top = (below ? at.bottom + 8 : at.top - size.height - 8) + window.scrollY + "px";
    target.setAttribute("aria-describedby", "tip");
  }
  function hide() { tip.hidden = true; }
  for (const name of ["mouseover", "focusin"]) {
    document.addEventListener(name, (event) => {
      const target = event.target.closest && event.target.closest("[data-term]");
      if (target) show(target); else if (name === "mouseover" || !event.target.closest) hide();
    });
  }
  document.addEventListener("focusout", hide);
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") hide(); });

  // ---- tables: sorted, filtered, folded and copied
  const value = (text) => {
    const plain = text.replace(/[,\s]/g, "");
    if (plain === "" || plain === "-" || plain === "–") return null;
    if (plain === "unbounded") return Infinity;
    const number = parseFloat(plain.replace("−", "-"));
    return Number.isNaN(number) ? null : number;
  };
  const MOST_DRAWN = 120;  // rows of a table that are laid out at once: browsers take seconds for thousands
  class Grid {
    constructor(root) {
      this.root = root;
      this.table = root.querySelector("table");
      this.frame = root.querySelector(".scroll");
      this.output = root.querySelector("output");
      this.heads = all("thead th", root);
      this.numeric = this.heads.map((head) => head.classList.contains("n"));
      this.groups = all("tbody", root).map((body, order) => {
        const head = body.querySelector("tr.group");
        const rows = all("tr:not(.group)", body).map((row, place) => this.entry(row, place));
        return { head: head && this.entry(head, order), rows, open: !head };
      });
      this.rows = this.groups.flatMap((group) => group.rows);
      this.rows.forEach((row, place) => { row.place = place; });
      this.folded = this.groups.length > 1 && this.groups.every((group) => group.head);
      this.body = document.createElement("tbody");
      this.above = this.spacer();
      this.below = this.spacer();
      this.sorted = null;
      this.words = [];
      this.keepWidths();
      for (const body of all("tbody", root)) body.remove();
      root.classList.add("ready");
      this.table.append(this.body);
      this.listen();
      root.querySelector(".tools").hidden = false;
      this.arrange();
    }
    spacer() {
      const row = document.createElement("tr");
      row.className = "spacer";
      row.append(document.createElement("td"));
      row.firstChild.colSpan = this.heads.length;
      return row;
    }
    keepWidths() {
      // the longest cell of each column stands in an unseen row: columns keep their widths whatever is drawn
      const entries = [...this.rows, ...this.groups.map((group) => group.head).filter(Boolean)];
      const row = document.createElement("tr");
      row.className = "widest";
      this.heads.forEach((head, index) => {
        let longest = "";
        for (const { cells } of entries) if ((cells[index] || "").length > longest.length) longest = cells[index];
        const cell = document.createElement("td");
        cell.textContent = longest;
        row.append(cell);
      });
      row.setAttribute("aria-hidden", "true");
      this.table.tHead.append(row);
    }
    entry(row, place) {
      const cells = Array.from(row.cells, (cell) => cell.textContent.trim());
      return { row, place, cells, keys: cells.map((cell, index) => (this.numeric[index] ? value(cell) : cell)), text: cells.join(" ").toLowerCase() };
    }
    listen() {
      this.heads.forEach((head, index) => head.querySelector("button").addEventListener("click", () => this.sort(index)));
      const search = this.root.querySelector("input");
      search.addEventListener("input", () => { this.words = search.value.toLowerCase().split(/\s+/).filter(Boolean); this.arrange(); });
      for (const group of this.groups) {
        if (group.head) group.head.row.querySelector("button").addEventListener("click", () => { group.open = !group.open; this.arrange(); });
      }
      this.frame.addEventListener("scroll", () => this.paint(false), { passive: true });
      window.addEventListener("beforeprint", () => { this.whole = true; this.paint(true); });
      window.addEventListener("afterprint", () => { this.whole = false; this.paint(true); });
      const doing = { fold: (button) => this.toggle(button), open: (button) => this.openAll(button), copy: () => this.copy() };
      for (const button of all("[data-do]", this.root)) button.addEventListener("click", () => doing[button.dataset.do](button));
    }
    sort(index) {
      const first = this.numeric[index] ? -1 : 1;
      // a third press gives the network's own order again
      if (!this.sorted || this.sorted.index !== index) this.sorted = { index, way: first };
      else this.sorted = this.sorted.way === first ? { index, way: -first } : null;
      this.heads.forEach((head, place) => {
        if (!this.sorted || place !== index) head.removeAttribute("aria-sort");
        else head.setAttribute("aria-sort", this.sorted.way > 0 ? "ascending" : "descending");
      });
      this.arrange();
    }
    ordered(entries) {
      if (!this.sorted) return entries;
      const { index, way } = this.sorted;
      return [...entries].sort((a, b) => {
        const left = a.keys[index], right = b.keys[index];
        if (left === right) return a.place - b.place;
        if (left === null) return 1;
        if (right === null) return -1;
        return (this.numeric[index] ? left - right : left.localeCompare(right, undefined, { numeric: true })) * way;
      });
    }
    holds(entry) { return this.words.every((word) => entry.text.includes(word)); }
    arrange() {
      this.root.classList.toggle("flat", !this.folded);
      for (const entry of this.rows) entry.shown = this.holds(entry);
      this.list = this.folded ? this.byGroup() : this.ordered(this.rows.filter((entry) => entry.shown));
      this.paint(true);
      this.tell();
    }
    byGroup() {
      const heads = this.ordered(this.groups.map((group) => ({ ...group.head, group })));
      return heads.flatMap(({ group }) => {
        const rows = group.rows.filter((entry) => entry.shown);
        if (!rows.length && !this.holds(group.head)) return [];
        const open = group.open || this.words.length > 0;
        group.head.row.querySelector("button").setAttribute("aria-expanded", String(open));
        return [group.head, ...(open ? this.ordered(rows) : [])];
      });
    }
    paint(anew) {
      if (this.list.length <= MOST_DRAWN || this.whole) {
        if (anew) this.body.replaceChildren(...this.list.map((entry) => entry.row));
        return;
      }
      if (!this.high) {
        this.body.replaceChildren(...this.list.slice(0, 40).map((entry) => entry.row));
        this.high = this.body.getBoundingClientRect().height / 40;
      }
      const first = Math.max(0, Math.min(this.list.length - MOST_DRAWN, Math.floor(this.frame.scrollTop / this.high) - MOST_DRAWN / 3)) & ~15;
      if (!anew && first === this.first) return;
      this.first = first;
      const last = Math.min(this.list.length, first + MOST_DRAWN + 16);  // as many more as `first` was rounded down
      this.above.firstChild.style.height = first * this.high + "px";
      this.below.firstChild.style.height = (this.list.length - last) * this.high + "px";
      this.body.replaceChildren(this.above, ...this.list.slice(first, last).map((entry) => entry.row), this.below);
    }
    toggle(button) {
      this.folded = !this.folded;
      button.setAttribute("aria-pressed", String(this.folded));
      this.arrange();
    }
    openAll(button) {
      const open = !this.groups.every((group) => group.open);
      for (const group of this.groups) group.open = open;
      button.textContent = open ? "Fold all" : "Open all";
      if (!this.folded) this.root.querySelector('[data-do="fold"]').click(); else this.arrange();
    }
    tell(text) {
      const shown = this.rows.filter((entry) => entry.shown).length;
      this.output.textContent = text || (shown === this.rows.length ? shown + " rows" : shown + " of " + this.rows.length + " rows");
    }
    async copy() {
      const lines = [this.heads.map((head) => head.textContent.trim())];
      // of a number the thousands' commas are left out: spreadsheets and programs read it then
      for (const { cells } of this.list) lines.push(cells.map((cell, index) => (this.numeric[index] ? cell.replace(/,/g, "") : cell)));
      await copy(lines.map((line) => line.join("\t")).join("\n"));
      this.tell("copied " + (lines.length - 1) + " rows");
    }
  }
  const grids = all(".grid").map((root) => new Grid(root));

  // ---- graphs: coloured by a figure, moved and magnified
  class Graph {
    constructor(root) {
      this.svg = root.querySelector("svg");
      this.told = root.querySelector(".told");
      this.data = JSON.parse(root.querySelector("script").textContent);
      this.boxes = all(".b", this.svg);
      this.whole = this.svg.getAttribute("viewBox").split(" ").map(Number);
      this.view = [...this.whole];
      this.begin();
      window.addEventListener("beforeprint", () => { this.kept = [this.svg.style.height, this.view]; this.fit(); });
      window.addEventListener("afterprint", () => { this.svg.style.height = this.kept[0]; this.look(this.kept[1]); });
      this.chosen = -1;
      this.select = root.querySelector("select");
      this.most = root.querySelector(".most");
      root.querySelector(".tools").hidden = false;
      this.select.addEventListener("change", () => this.colour());
      const doing = { in: () => this.zoom(1.4), out: () => this.zoom(1 / 1.4), fit: () => this.fit() };
      for (const button of all("[data-zoom]", root)) button.addEventListener("click", () => doing[button.dataset.zoom]());
      this.svg.addEventListener("wheel", (event) => {
        if (!event.ctrlKey && !event.metaKey) return;
        event.preventDefault();
        this.zoom(event.deltaY < 0 ? 1.15 : 1 / 1.15, this.place(event));
      }, { passive: false });
      this.drag();
      this.svg.addEventListener("mouseover", (event) => this.choose(this.boxes.indexOf(event.target.closest(".b"))));
      this.svg.addEventListener("keydown", (event) => this.key(event));
      this.colour();
    }
    begin() {
      // a long graph begins at a size at which it can be read; "Show all" shows the whole of it
      const [, , width, height] = this.whole, room = this.svg.clientWidth, most = 34 * 16;
      if (!room || (room >= width * 0.8 && (height / width) * room <= most)) return;
      const scale = Math.max(0.8, Math.min(1, room / width)), high = Math.min(most, height * scale);
      this.svg.style.height = high + "px";
      this.look([0, 0, room / scale, high / scale]);
    }
    place(event) {
      const at = this.svg.getBoundingClientRect();
      return [(event.clientX - at.left) / at.width, (event.clientY - at.top) / at.height];
    }
    zoom(factor, [x, y] = [0.5, 0.5]) {
      const [left, top, width, height] = this.view;
      const by = Math.max(Math.min(factor, width / 80), width / (this.whole[2] * 3));
      this.look([left + width * x * (1 - 1 / by), top + height * y * (1 - 1 / by), width / by, height / by]);
    }
    look(view) { this.view = view; this.svg.setAttribute("viewBox", view.map((each) => each.toFixed(1)).join(" ")); }
    fit() {
      this.svg.style.height = "";  // as tall as it is at the width of the page
      this.look([...this.whole]);
    }
    drag() {
      let last = null;
      this.svg.addEventListener("pointerdown", (event) => { last = event; });
      window.addEventListener("pointerup", () => { last = null; });
      window.addEventListener("pointermove", (event) => {
        if (!last || event.pointerType === "touch") return;
        const scale = this.view[2] / this.svg.getBoundingClientRect().width;
        this.look([this.view[0] - (event.clientX - last.clientX) * scale, this.view[1] - (event.clientY - last.clientY) * scale, this.view[2], this.view[3]]);
        last = event;
      });
    }
    key(event) {
      const step = this.view[2] / 10;
      const doing = {
        "+": () => this.zoom(1.4), "=": () => this.zoom(1.4), "-": () => this.zoom(1 / 1.4), 0: () => this.fit(),
        ArrowRight: () => this.choose(Math.min(this.boxes.length - 1, this.chosen + 1), true),
        ArrowLeft: () => this.choose(Math.max(0, this.chosen - 1), true),
        ArrowDown: () => this.look([this.view[0], this.view[1] + step, this.view[2], this.view[3]]),
        ArrowUp: () => this.look([this.view[0], this.view[1] - step, this.view[2], this.view[3]]),
      }[event.key];
      if (!doing || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      doing();
    }
    choose(index, follow) {
      if (index < 0 || index === this.chosen) return;
      if (this.chosen >= 0) this.boxes[this.chosen].classList.remove("on");
      this.chosen = index;
      const box = this.boxes[index];
      box.classList.add("on");
      if (follow) {
        const at = box.querySelector("rect");
        const x = +at.getAttribute("x"), y = +at.getAttribute("y"), [left, top, width, height] = this.view;
        if (x < left || x > left + width - 90 || y < top || y > top + height - 40) this.look([x - width / 2, y - height / 2, width, height]);
      }
      const found = this.data.boxes[index];
      this.told.replaceChildren();
      const name = document.createElement("b");
      name.textContent = found.names;
      this.told.append(name, " " + found.about);
    }
    colour() {
      const figure = this.data.figures[this.select.value];
      const highest = Math.max(...figure.values.filter(Number.isFinite), 0);
      this.boxes.forEach((box, index) => {
        const share = figure.values[index] === null ? 1 : highest ? Math.sqrt(Math.max(0, figure.values[index]) / highest) : 0;
        box.style.setProperty("--t", (share * 0.9).toFixed(3));
        box.classList.toggle("hot", share > 0.62);
      });
      this.most.textContent = figure.most;
    }
  }
  all(".graph").forEach((root) => new Graph(root));

  // ---- a chart that tells what stands under the mouse
  for (const figure of all("[data-series]")) {
    const series = JSON.parse(figure.querySelector("script").textContent);
    const svg = figure.querySelector("svg"), told = figure.querySelector(".at"), guide = svg.querySelector(".cursor");
    let at = series.start;
    const go = (index) => {
      at = Math.max(0, Math.min(series.texts.length - 1, index));
      told.textContent = series.texts[at];
      const x = series.left + (series.right - series.left) * (at + 0.5) / series.texts.length;
      guide.setAttribute("d", "M" + x.toFixed(1) + " " + series.top + "V" + series.bottom);
    };
    svg.setAttribute("tabindex", "0");
    svg.addEventListener("pointermove", (event) => {
      const box = svg.getBoundingClientRect();
      const x = (event.clientX - box.left) / box.width * svg.viewBox.baseVal.width;
      go(Math.floor((x - series.left) / (series.right - series.left) * series.texts.length));
    });
    svg.addEventListener("keydown", (event) => {
      const by = { ArrowRight: 1, ArrowLeft: -1, PageDown: 10, PageUp: -10 }[event.key];
      if (by) { event.preventDefault(); go(at + by); }
    });
  }
})();
