/// The page's script. Whatever comes from data is set as text, by `node`, and nowhere as HTML.
enum ReportScript {
    static let text = start + tables + cells + charts + end

    private static let start = #"""
        "use strict";
        const report = JSON.parse(document.getElementById("data").textContent);
        const SVG = "http://www.w3.org/2000/svg";
        const tables = {};
        /* What has no look of its own, or turns its surroundings around, is written as its number. */
        const hidden = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;
        function shown(text) {
          return typeof text === "string" ? text.replace(hidden, (letter) => "\\u{" + letter.charCodeAt(0).toString(16) + "}") : text;
        }
        /* The one place that makes elements: texts become text nodes. */
        function node(name, attributes, ...children) {
          const element = document.createElement(name);
          for (const key in attributes || {}) if (attributes[key] !== null && attributes[key] !== undefined) {
            if (key === "on") for (const event in attributes.on) element.addEventListener(event, attributes.on[event]);
            else element.setAttribute(key, attributes[key]);
          }
          for (const child of children) if (child !== null && child !== undefined) element.append(shown(child));
          return element;
        }
        function shape(name, attributes, text) {
          const element = document.createElementNS(SVG, name);
          for (const key in attributes) element.setAttribute(key, attributes[key]);
          if (text !== undefined) element.textContent = shown(text);
          return element;
        }
        function number(value) {
          if (value === null || value === undefined) return "";
          if (Number.isInteger(value)) return String(value);
          const size = Math.abs(value);
          return size !== 0 && (size < 1e-3 || size >= 1e7) ? Number(value.toPrecision(4)).toExponential() : String(+value.toFixed(4));
        }
        function color(index) { return "var(--s" + (index % 7) + ")"; }
        let count = 0;
        function fresh(name) { count += 1; return name + count; }

        """#

    private static let tables = #"""
        function drawTable(block) {
          const columns = block.columns, size = columns[0].values.length, page = 25;
          let order = [...Array(size).keys()], start = 0, sort = null, query = "", filters = {}, lower = null;
          const place = {};
          columns.forEach((column, index) => {
            place[column.name] = index;
            column.isShort = column.kind === "text" && column.values.every((value) => value === null || String(value).length <= 24);
          });
          const body = node("tbody"), status = node("p", { class: "quiet", role: "status" });
          const heads = columns.map((column, index) => {
            const head = node("th", { scope: "col", class: column.kind === "number" || column.kind === "share" ? "number" : null });
            head.append(node("button", { type: "button", on: { click: () => {
              sort = sort && sort[0] === index ? [index, !sort[1]] : [index, column.kind !== "text" && column.kind !== "label"];
              press(null); update(); } } }, column.name));
            return head;
          });
          const caption = node("caption", {}, block.caption);
          const table = node("table", {}, caption, node("thead", {}, node("tr", {}, ...heads)), body);
          const box = node("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": block.caption }, table);
          const buttons = [];
          function press(button) { buttons.forEach((other) => other.setAttribute("aria-pressed", String(other === button))); }
          function plain(index, row) {
            const column = columns[index], value = column.values[row];
            if (value === null || value === undefined) return "";
            if (column.kind === "label") return column.dictionary[value] || "";
            if (column.kind === "tokens") return value[0].join(" ");
            if (column.kind === "context") return value[0];
            return typeof value === "object" ? JSON.stringify(value) : String(value);
          }
          function key(index, row) {
            const kind = columns[index].kind, value = columns[index].values[row];
            if (kind === "number" || kind === "share" || kind === "flag") return value === null ? null : Number(value);
            return plain(index, row).toLowerCase();
          }
          function update() {
            order = [];
            if (query && !lower) {
              lower = Array.from({ length: size }, (_, row) => columns.map((_, index) => plain(index, row)).join("\u0001").toLowerCase());
            }
            for (let row = 0; row < size; row++) {
              if (query && !lower[row].includes(query)) continue;
              let fits = true;
              for (const name in filters) if (columns[place[name]].values[row] !== filters[name]) fits = false;
              if (fits) order.push(row);
            }
            if (sort) {
              const keys = order.map((row) => [key(sort[0], row), row]);
              const way = sort[1] ? -1 : 1;
              keys.sort((a, b) => a[0] === b[0] ? a[1] - b[1] : a[0] === null ? 1 : b[0] === null ? -1 : a[0] < b[0] ? -way : way);
              order = keys.map((pair) => pair[1]);
            }
            heads.forEach((head, index) => {
              if (sort && sort[0] === index) head.setAttribute("aria-sort", sort[1] ? "descending" : "ascending");
              else head.removeAttribute("aria-sort");
            });
            start = 0;
            draw();
          }
          function draw() {
            const rows = order.slice(start, start + page).map((row) => node("tr", {}, ...columns.map((column, index) =>
              cell(column, column.values[row], index === 0))));
            body.replaceChildren(...rows);
            const said = Object.keys(filters).map((name) => {
              const column = columns[place[name]], value = filters[name];
              return name + " is " + (column.kind === "label" ? column.dictionary[value] : value);
            }).join(", ");
            status.textContent = shown((order.length ? (start + 1) + "–" + Math.min(start + page, order.length) + " of " : "") +
              order.length + " rows" + (said ? ", " + said : ""));
            before.disabled = start === 0;
            after.disabled = start + page >= order.length;
          }
          const before = node("button", { type: "button", on: { click: () => { start = Math.max(0, start - page); draw(); } } }, "Previous");
          const after = node("button", { type: "button", on: { click: () => { start += page; draw(); } } }, "Next");
          const tools = node("div", { class: "tools" });
          if (block.presets.length) {
            const all = node("button", { type: "button", "aria-pressed": "true" }, "All");
            all.addEventListener("click", () => { sort = null; filters = {}; press(all); update(); });
            buttons.push(all);
            for (const preset of block.presets) {
              const button = node("button", { type: "button", "aria-pressed": "false" }, preset.name);
              button.addEventListener("click", () => {
                filters = preset.filter ? { [preset.filter[0]]: preset.filter[1] } : {};
                sort = preset.sort ? [place[preset.sort[0]], preset.sort[1]] : null;
                press(button); update();
              });
              buttons.push(button);
            }
            tools.append(...buttons);
          }
          if (block.searches && size > 1) {
            let timer = 0;
            tools.append(node("input", { type: "search", placeholder: "Search", "aria-label": "Search in " + block.caption, on: { input:
              (event) => { clearTimeout(timer); const text = event.target.value.toLowerCase();
                timer = setTimeout(() => { query = text; update(); }, 150); } } }));
          }
          const pages = node("div", { class: "pages" }, before, after, status);
          if (block.id) tables[block.id] = {
            filter(values) { filters = values; sort = null; press(null); update(); box.scrollIntoView(); box.focus(); },
            text(number) {
              const index = columns[place.row].values.indexOf(number);
              if (index < 0) return "";
              return columns.slice(1, 1 + block.texts).map((_, at) => plain(at + 1, index)).filter((text) => text).join("\n");
            } };
          update();
          return node("div", {}, tools.childElementCount ? tools : null, box, size > page || block.presets.length || block.searches ? pages : null);
        }

        """#

    private static let cells = #"""
        function cell(column, value, isFirst) {
          const kind = column.kind;
          const name = isFirst && kind !== "tokens" ? "th" : "td";
          const attributes = { class: kind === "number" || kind === "share" ? "number" : kind === "label" ? "label" : kind === "flag" ? "flag" : column.isShort ? "short" : "text" };
          if (name === "th") attributes.scope = "row";
          const box = node(name, attributes);
          if (value === null || value === undefined) return box;
          if (kind === "number") box.append(number(value));
          else if (kind === "share") {
            const bar = node("span", { class: "share", "aria-hidden": "true" });
            bar.style.width = Math.max(0, Math.min(1, value)) * 3 + "rem";
            box.append(bar, number(value));
          } else if (kind === "label") box.append(column.dictionary[value] === undefined ? "" : shown(column.dictionary[value]));
          else if (kind === "flag") box.append(node("span", { class: value ? "good" : "bad" }, value ? "✓ right" : "✗ wrong"));
          else if (kind === "tokens") drawTokens(box, column, value);
          else if (kind === "context") drawContext(box, value);
          else if (kind === "saliency") drawSaliency(box, value);
          else if (kind === "neighbors") {
            for (const [row, score] of value) {
              const text = tables.rows ? tables.rows.text(row) : "";
              box.append(node("div", {}, "row " + row + " (" + number(score) + ")" + (text ? ": " + text.slice(0, 120) : "")));
            }
          } else box.append(shown(String(value)));
          return box;
        }
        function kindOf(tag) { return tag.replace(/^[BIESLUM]-/, ""); }
        function drawTokens(box, column, [words, labels, predictions]) {
          const names = column.dictionary;
          const kinds = [...new Set(names.map(kindOf))].filter((kind) => kind !== "O").sort();
          words.forEach((word, index) => {
            const label = names[labels[index]], prediction = names[predictions[index]];
            const isWrong = label !== undefined && prediction !== undefined && label !== prediction;
            if ((prediction === undefined || prediction === "O") && !isWrong) { box.append(shown(word) + " "); return; }
            const tag = node("span", { class: "tag" }, word);
            const drawn = prediction !== undefined && prediction !== "O" ? prediction : label;
            tag.style.color = color(Math.max(0, kinds.indexOf(kindOf(drawn))));
            tag.append(node("small", {}, isWrong ? (prediction || "none") + " ✗ " + label : prediction));
            box.append(tag, " ");
          });
        }
        function drawContext(box, [text, truths, answer]) {
          const marks = new Uint8Array(text.length);
          function add(part, bit) {
            const at = part ? text.indexOf(part) : -1;
            for (let index = at; at >= 0 && index < at + part.length; index++) marks[index] |= bit;
          }
          truths.forEach((truth) => add(truth, 1));
          add(answer, 2);
          for (let start = 0; start < text.length;) {
            let end = start;
            while (end < text.length && marks[end] === marks[start]) end += 1;
            let part = text.slice(start, end);
            if (marks[start] & 1) part = node("mark", { title: "true answer" }, part);
            if (marks[start] & 2) part = node("ins", { title: "predicted answer" }, part);
            box.append(shown(part));
            start = end;
          }
        }
        function drawSaliency(box, [tokens, values]) {
          const most = Math.max(1e-12, ...values.map(Math.abs));
          tokens.forEach((token, index) => {
            const value = values[index];
            const span = node("span", { class: "tag", title: number(value) }, token);
            span.style.color = value < 0 ? "var(--bad)" : "var(--good)";
            span.style.borderBottomWidth = Math.round(Math.abs(value) / most * 6) + "px";
            span.append(node("small", {}, (value < 0 ? "−" : "+") + Math.round(Math.abs(value) / most * 100)));
            box.append(span, " ");
          });
        }

        """#
}
