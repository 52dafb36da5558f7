extension ReportScript {
    static let charts = #"""
        const tip = document.getElementById("tip");
        /* On a phone a picture is half as large, and its letters are not. */
        const small = document.documentElement.clientWidth < 480;
        function showTip(event, text) {
          tip.textContent = shown(text);
          tip.hidden = false;
          if (event.pageX === undefined) return;
          tip.style.left = Math.min(event.pageX + 12, window.scrollX + document.documentElement.clientWidth - tip.offsetWidth - 8) + "px";
          tip.style.top = event.pageY + 12 + "px";
        }
        function hideTip() { tip.hidden = true; }
        function ticks(low, high) {
          const span = high - low || 1, step = Math.pow(10, Math.floor(Math.log10(span / 4)));
          const size = [1, 2, 5, 10].map((factor) => factor * step).find((factor) => span / factor <= (small ? 4 : 6)) || step;
          const result = [];
          for (let value = Math.ceil(low / size) * size; value <= high + size * 1e-9; value += size) result.push(value);
          return result;
        }
        function frame(block, low, high, bottom, top, label) {
          const width = 640, height = small ? 440 : 340, left = small ? 116 : 78, right = 16, up = small ? 24 : 14, line = small ? 26 : 18;
          /* The names of parallel axes have two lines. */
          const down = (small ? 76 : 46) + (block.type === "axes" ? line : 0);
          const picture = shape("svg", { viewBox: "0 0 " + width + " " + height, role: "img", tabindex: "0", "aria-label": label });
          const x = (value) => left + (value - low) / (high - low || 1) * (width - left - right);
          const y = (value) => height - down - (value - bottom) / (top - bottom || 1) * (height - up - down);
          if (block.type !== "axes") for (const value of ticks(bottom, top)) {
            picture.append(shape("line", { class: "grid", x1: left, x2: width - right, y1: y(value), y2: y(value) }));
            picture.append(shape("text", { x: left - 8, y: y(value) + (small ? 7 : 4), "text-anchor": "end" }, number(value)));
          }
          picture.append(shape("line", { class: "axis", x1: left, x2: width - right, y1: height - down, y2: height - down }));
          picture.append(shape("text", { x: (left + width - right) / 2, y: height - 8, "text-anchor": "middle" }, block.x));
          const turned = shape("text", { x: small ? 20 : 14, y: (height - down) / 2, "text-anchor": "middle" }, block.y);
          turned.setAttribute("transform", "rotate(-90 " + (small ? 20 : 14) + " " + (height - down) / 2 + ")");
          picture.append(turned);
          return { picture, x, y, width, height, left, right, down, low, high };
        }
        function figure(block, picture, legend, table) {
          return node("figure", {}, node("figcaption", {}, block.title), picture, legend,
            table ? node("details", {}, node("summary", {}, "Values"), table) : null);
        }
        function legend(series) {
          if (series.length < 2) return null;
          return node("ul", { class: "legend" }, ...series.map((one, index) => {
            const line = node("i", { "aria-hidden": "true" });
            line.style.background = color(index);
            return node("li", {}, line, one.name);
          }));
        }
        function drawLines(block) {
          const points = block.series.flatMap((one) => one.points);
          const xs = points.map((point) => point[0]), ys = points.map((point) => point[1]);
          const range = (values) => values.reduce((range, value) => [Math.min(range[0], value), Math.max(range[1], value)], [Infinity, -Infinity]);
          const [low, high] = block.unit ? [0, 1] : range(xs);
          let [bottom, top] = block.unit ? [0, 1] : range(ys);
          if (!block.unit) { const room = (top - bottom || Math.abs(top) || 1) * 0.06; bottom = bottom >= 0 && bottom < room * 4 ? 0 : bottom - room; top += room; }
          const label = block.title + ": " + block.series.map((one) => one.name + " from " + number(one.points[0][1]) + " to " +
            number(one.points[one.points.length - 1][1])).join("; ") + ". Arrow keys read values.";
          const plot = frame(block, low, high, bottom, top, label);
          for (const value of ticks(low, high)) plot.picture.append(
            shape("text", { x: plot.x(value), y: plot.height - plot.down + (small ? 26 : 18), "text-anchor": "middle" }, number(value)));
          if (block.diagonal) plot.picture.append(shape("line", { class: "axis", "stroke-dasharray": "4 4", x1: plot.x(0), y1: plot.y(0), x2: plot.x(1), y2: plot.y(1) }));
          block.series.forEach((one, index) => {
            const line = shape("polyline", { fill: "none", "stroke-width": 2, points: one.points.map((point) => plot.x(point[0]) + "," + plot.y(point[1])).join(" ") });
            line.style.stroke = color(index);
            if (index % 3) line.setAttribute("stroke-dasharray", index % 3 === 1 ? "7 4" : "2 4");
            plot.picture.append(line);
            if (one.points.length <= 60 && !(block.unit && block.series.length > 1)) for (const point of one.points) {
              const dot = shape("circle", { cx: plot.x(point[0]), cy: plot.y(point[1]), r: 3 });
              dot.style.fill = color(index);
              plot.picture.append(dot);
            }
          });
          const cursor = shape("line", { class: "axis", y1: 14, y2: plot.height - plot.down, visibility: "hidden" });
          plot.picture.append(cursor);
          const places = [...new Set(xs)].sort((a, b) => a - b);
          function read(place, event) {
            cursor.setAttribute("x1", plot.x(place)); cursor.setAttribute("x2", plot.x(place));
            cursor.setAttribute("visibility", "visible");
            const lines = block.series.map((one) => {
              let best = one.points[0];
              for (const point of one.points) if (Math.abs(point[0] - place) < Math.abs(best[0] - place)) best = point;
              return Math.abs(best[0] - place) <= (high - low) / 50 ? one.name + " " + number(best[1]) : null;
            }).filter((line) => line);
            showTip(event, [block.x + " " + number(place), ...lines].join("\n"));
          }
          let at = -1;
          plot.picture.addEventListener("pointermove", (event) => {
            const box = plot.picture.getBoundingClientRect(), scale = Math.min(box.width / plot.width, box.height / plot.height);
            const inner = (event.clientX - box.left - (box.width - plot.width * scale) / 2) / scale;
            const value = low + (inner - plot.left) / (plot.width - plot.left - plot.right) * (high - low);
            at = places.reduce((best, place, index) => Math.abs(place - value) < Math.abs(places[best] - value) ? index : best, 0);
            read(places[at], event);
          });
          plot.picture.addEventListener("pointerleave", () => { hideTip(); cursor.setAttribute("visibility", "hidden"); });
          plot.picture.addEventListener("blur", () => { hideTip(); cursor.setAttribute("visibility", "hidden"); });
          plot.picture.addEventListener("keydown", (event) => {
            const way = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
            if (!way) return;
            event.preventDefault();
            at = Math.max(0, Math.min(places.length - 1, at + way));
            const box = plot.picture.getBoundingClientRect();
            read(places[at], { pageX: box.left + window.scrollX + 80, pageY: box.top + window.scrollY });
          });
          const table = drawTable({ caption: block.title, presets: [], searches: false, columns: [
            { name: block.x, kind: "number", values: block.series.flatMap((one) => one.points.map((point) => point[0])) },
            { name: "line", kind: "text", values: block.series.flatMap((one) => one.points.map(() => one.name)) },
            { name: block.y, kind: "number", values: ys }] });
          return figure(block, plot.picture, legend(block.series), table);
        }
        function drawBars(block) {
          const totals = block.categories.map((_, index) => block.series.reduce((sum, one) => sum + one.values[index], 0));
          const plot = frame(block, 0, block.categories.length, 0, Math.max(1, ...totals), block.title + ", " + block.categories.length + " bars");
          const every = Math.ceil(block.categories.length / (small ? 4 : 8));
          block.categories.forEach((category, index) => {
            let below = 0;
            block.series.forEach((one, at) => {
              const bar = shape("rect", { x: plot.x(index + 0.08), width: plot.x(index + 0.92) - plot.x(index + 0.08),
                y: plot.y(below + one.values[index]), height: plot.y(below) - plot.y(below + one.values[index]) });
              bar.style.fill = color(at);
              if (at % 2) bar.style.fillOpacity = "0.75";
              bar.addEventListener("pointermove", (event) => showTip(event, category + "\n" + one.name + " " + one.values[index]));
              bar.addEventListener("pointerleave", hideTip);
              plot.picture.append(bar);
              below += one.values[index];
            });
            if (index % every === 0) plot.picture.append(
              shape("text", { x: plot.x(index + 0.5), y: plot.height - plot.down + (small ? 26 : 18), "text-anchor": "middle" }, category));
          });
          const table = drawTable({ caption: block.title, presets: [], searches: false, columns: [
            { name: block.x, kind: "text", values: block.categories },
            ...block.series.map((one) => ({ name: one.name, kind: "number", values: one.values }))] });
          return figure(block, plot.picture, legend(block.series), table);
        }
        function drawPoints(block) {
          const range = (at) => block.points.reduce((range, point) => [Math.min(range[0], point[at]), Math.max(range[1], point[at])], [Infinity, -Infinity]);
          let [low, high] = range(0), [bottom, top] = range(1);
          if (block.diagonal) { low = bottom = Math.min(low, bottom); high = top = Math.max(high, top); }
          const plot = frame(block, low, high, bottom, top, block.title + ", " + block.points.length + " points; the rows are in the table below.");
          for (const value of ticks(low, high)) plot.picture.append(
            shape("text", { x: plot.x(value), y: plot.height - plot.down + (small ? 26 : 18), "text-anchor": "middle" }, number(value)));
          if (block.diagonal) plot.picture.append(shape("line", { class: "axis", "stroke-dasharray": "4 4", x1: plot.x(low), y1: plot.y(low), x2: plot.x(high), y2: plot.y(high) }));
          for (const [x, y, row] of block.points) {
            const dot = shape("circle", { cx: plot.x(x), cy: plot.y(y), r: 4, "fill-opacity": 0.55 });
            dot.style.fill = color(0);
            dot.addEventListener("pointermove", (event) => showTip(event, "row " + row + "\n" + number(x) + ", " + number(y) + "\n" +
              (tables.rows ? tables.rows.text(row).slice(0, 200) : "")));
            dot.addEventListener("pointerleave", hideTip);
            dot.addEventListener("click", () => tables.rows && tables.rows.filter({ row }));
            plot.picture.append(dot);
          }
          return figure(block, plot.picture, null, null);
        }
        function drawAxes(block) {
          const plot = frame(block, 0, Math.max(1, block.axes.length - 1), 0, 1, block.title);
          /* Numbers over several powers of ten lie by their logarithms. */
          const scale = (axis, value) => axis.low > 0 && axis.high / axis.low > 30 ? Math.log(value) : value;
          const place = (axis, value) => {
            const texts = axis.texts;
            if (texts) return texts.length < 2 ? 0.5 : texts.indexOf(String(value)) / (texts.length - 1);
            if (axis.low === axis.high) return 0.5;
            return (scale(axis, value) - scale(axis, axis.low)) / (scale(axis, axis.high) - scale(axis, axis.low));
          };
          block.lines.forEach((line) => {
            const points = block.axes.map((axis, index) => plot.x(index) + "," + plot.y(line.values[index] === null ? 0 : place(axis, line.values[index])));
            const drawn = shape("polyline", { fill: "none", "stroke-width": line.best ? 3.5 : 1.5, points: points.join(" ") });
            drawn.style.stroke = line.best ? "var(--s1)" : "var(--s0)";
            drawn.style.strokeOpacity = line.best ? "1" : "0.5";
            drawn.addEventListener("pointermove", (event) => showTip(event, block.axes.map((axis, index) =>
              axis.name + " " + (typeof line.values[index] === "number" ? number(line.values[index]) : line.values[index])).join("\n")));
            drawn.addEventListener("pointerleave", hideTip);
            plot.picture.append(drawn);
          });
          block.axes.forEach((axis, index) => {
            plot.picture.append(shape("line", { class: "axis", x1: plot.x(index), x2: plot.x(index), y1: 14, y2: plot.height - plot.down }));
            const anchor = index === 0 ? "start" : index === block.axes.length - 1 ? "end" : "middle";
            const room = Math.floor(720 / Math.max(1, block.axes.length - 1) / (small ? 13 : 7.5));
            const fitting = (text) => text.length > room ? text.slice(0, room - 1) + "…" : text;
            const say = (text, y, kind) => plot.picture.append(shape("text", { x: plot.x(index), y, "text-anchor": kind }, fitting(text)));
            const ends = axis.texts ? [axis.texts[0], axis.texts[axis.texts.length - 1]] : [number(axis.low), number(axis.high)];
            say(axis.name, plot.height - 6 - (index % 2 ? 0 : small ? 26 : 18), anchor);
            say(ends[0], plot.height - plot.down + (small ? 26 : 18), anchor);
            if (ends[1] !== ends[0]) say(ends[1], small ? 20 : 12, anchor);
          });
          return figure(block, plot.picture, null, null);
        }
        function drawMatrix(block) {
          const most = Math.max(1, ...block.counts.flat());
          const head = node("tr", {}, node("td", {}), ...block.labels.map((label) => node("th", { scope: "col" }, label)));
          const rows = block.counts.map((counts, label) => node("tr", {}, node("th", { scope: "row" }, block.labels[label]),
            ...counts.map((value, prediction) => {
              const box = node("td");
              const text = block.labels[label] + " predicted as " + block.labels[prediction] + ": " + value + " rows";
              const inner = block.target && value
                ? node("button", { type: "button", "aria-label": text, on: { click: () => {
                  const place = (name) => report.labelIDs ? report.labelIDs.indexOf(name) : -1;
                  tables[block.target].filter({ label: place(block.labels[label]), prediction: place(block.labels[prediction]) });
                } } }, String(value))
                : node("span", {}, String(value));
              box.style.background = "rgba(var(--heat), " + (value / most * 0.35).toFixed(3) + ")";
              box.append(inner);
              return box;
            })));
          return node("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": "Counts by class" },
            node("table", { class: "matrix" }, node("caption", {}, "True classes down, predicted ones across"), node("thead", {}, head),
              node("tbody", {}, ...rows)));
        }

        """#

    static let end = #"""
        document.getElementById("lead").textContent = shown(report.lead);
        document.getElementById("facts").append(...report.facts.map(([name, value]) =>
          node("div", {}, node("dt", {}, name), node("dd", {}, value))));
        const drawers = { table: drawTable, lines: drawLines, bars: drawBars, points: drawPoints, axes: drawAxes, matrix: drawMatrix,
          text: (block) => node("p", {}, block.text) };
        const main = document.getElementById("main");
        const ids = new Set();
        const parts = report.sections.map((section, index) => {
          /* Names of columns may have any letters, and be the same. */
          const named = "s-" + section.id, id = /^[A-Za-z0-9_-]+$/.test(named) && !ids.has(named) ? named : "part-" + index;
          ids.add(id);
          const heading = fresh("h");
          document.getElementById("contents").append(node("li", {}, node("a", { href: "#" + id }, section.title)));
          const part = node("section", { id, "aria-labelledby": heading }, node("h2", { id: heading }, section.title),
            section.note ? node("p", { class: "note" }, section.note) : null);
          main.append(part);
          return [part, section];
        });
        /* Tables that others point to come first. */
        for (const [part, section] of [...parts].sort((a, b) => (b[1].id === "rows") - (a[1].id === "rows"))) {
          const charts = node("div", { class: "grid" });
          for (const block of section.blocks) {
            const drawn = drawers[block.type](block);
            if (block.type === "lines") { if (!charts.parentNode) part.append(charts); charts.append(drawn); } else part.append(drawn);
          }
        }
        window.addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((one) => { one.open = true; }));
        document.documentElement.dataset.ready = "yes";

        """#
}
