/// The page to try models out: one text without resources from elsewhere.
enum Page {
    /// Nothing is loaded, and only this server is called.
    static let policy =
        "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; connect-src 'self'; img-src data:; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

    static let html = #"""
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>Swiftlet</title>
        <link rel="icon" href="data:,">
        <style>
        :root {
          color-scheme: light dark;
          --page: #ffffff; --ink: #1b1f24; --soft: #5b636d; --line: #8a929c; --field: #f4f5f7;
          --bar: #1f6feb; --bar-ink: #ffffff; --error: #b3261e; --focus: #0b57d0;
        }
        @media (prefers-color-scheme: dark) {
          :root {
            --page: #14171b; --ink: #e7eaee; --soft: #a9b1bb; --line: #7c8590; --field: #1f242a;
            --bar: #8ab4f8; --bar-ink: #10151b; --error: #f2b8b5; --focus: #a8c7fa;
          }
        }
        * { box-sizing: border-box; }
        body { margin: 0 auto; max-width: 60rem; padding: 1.5rem; background: var(--page); color: var(--ink);
          font: 1rem/1.5 system-ui, sans-serif; }
        h1 { font-size: 1.5rem; margin: 0 0 .25rem; }
        h2 { font-size: 1.125rem; margin: 1.5rem 0 .5rem; }
        p { margin: .25rem 0; }
        label { display: block; font-weight: 600; margin: .75rem 0 .25rem; }
        input, select, textarea { width: 100%; padding: .5rem .625rem; font: inherit; color: inherit;
          background: var(--field); border: 1px solid var(--line); border-radius: .375rem; }
        textarea { min-height: 6rem; resize: vertical; }
        button { margin-top: .75rem; padding: .5rem 1.25rem; font: inherit; font-weight: 600; color: var(--bar-ink);
          background: var(--bar); border: 0; border-radius: .375rem; cursor: pointer; }
        button[aria-disabled="true"] { opacity: .7; cursor: progress; }
        :focus-visible { outline: 3px solid var(--focus); outline-offset: 2px; }
        .row { display: flex; gap: 1rem; flex-wrap: wrap; } .row > div { flex: 1 1 14rem; }
        .hint, .time { color: var(--soft); font-size: .875rem; }
        .error { color: var(--error); font-weight: 600; }
        .scroll { overflow-x: auto; }
        table { border-collapse: collapse; width: 100%; }
        th, td { text-align: left; padding: .25rem .5rem .25rem 0; vertical-align: middle; }
        th { font-weight: 600; overflow-wrap: anywhere; }
        .number { text-align: right; font-variant-numeric: tabular-nums; width: 5.5rem; }
        .track { background: var(--field); border-radius: .25rem; height: 1rem; min-width: 6rem; }
        .fill { background: var(--bar); border-radius: .25rem; height: 100%; }
        .heat td { padding: .375rem .5rem; text-align: center; font-variant-numeric: tabular-nums; border: 1px solid var(--page); }
        .text { white-space: pre-wrap; overflow-wrap: anywhere; line-height: 2.2; }
        mark { padding: .125rem .25rem; border-radius: .25rem; color: #10151b; }
        mark b { font-size: .75rem; margin-left: .375rem; }
        pre { white-space: pre-wrap; overflow-wrap: anywhere; background: var(--field); padding: .75rem; border-radius: .375rem; }
        </style>
        </head>
        <body>
        <main>
        <h1>Swiftlet</h1>
        <p class="hint" id="about">Asking the server what it serves.</p>
        <form id="form">
          <div class="row">
            <div><label for="model">Model</label><select id="model"></select></div>
            <div id="keyBox" hidden><label for="key">API key</label><input id="key" type="password" autocomplete="off"></div>
          </div>
          <label for="first" id="firstLabel">Text</label>
          <textarea id="first" aria-describedby="hint"></textarea>
          <p class="hint" id="hint">Control+Enter sends it.</p>
          <div id="secondBox" hidden><label for="second" id="secondLabel">Second text</label><textarea id="second"></textarea></div>
          <button type="submit" id="send">Ask</button>
        </form>
        <section aria-labelledby="answerTitle">
          <h2 id="answerTitle">Answer</h2>
          <div id="answer" role="status" aria-live="polite"><p class="hint">Nothing was asked yet.</p></div>
        </section>
        <section aria-labelledby="timesTitle">
          <h2 id="timesTitle">Last requests</h2>
          <div id="times"><p class="hint">None yet.</p></div>
        </section>
        </main>
        <script>
        "use strict";
        const $ = id => document.getElementById(id);
        const models = {};
        const times = [];
        const forms = {
          "text-classification": ["Text", "Second text, of a pair (may stay empty)", "He left early.", ""],
          "token-classification": ["Text", null, "Greta Novak left Orchard Bank for Lowmere.", ""],
          "question-answering": ["Question", "Context", "Who keeps the bell?",
            "Divers found the bell of the ship and gave it to the Rowing Club."],
          "fill-mask": ["Text with a mask", null, "The ship was sold in [MASK].", ""],
          "sentence-embeddings": ["Texts to compare, one a line", null,
            "A man is eating.\nSomebody has a meal.\nThe train is late.", ""],
          "zero-shot-classification": ["Text", "Labels, one a line", "The match ended in a draw.", "sport\nweather\nmoney"],
          "multiple-choice": ["Prompt", "Choices, one a line", "He opened the door.", "He went in.\nIt rained upwards."],
        };
        forms["sentence-similarity"] = forms["sentence-embeddings"];

        function element(name, attributes = {}, ...children) {
          const made = document.createElement(name);
          for (const [key, value] of Object.entries(attributes)) {
            if (key === "style") Object.assign(made.style, value); else made.setAttribute(key, value);
          }
          made.append(...children);
          return made;
        }
        const shown = (value, digits = 4) => Number(value).toFixed(digits);
        const lines = text => text.split("\n").map(line => line.trim()).filter(line => line);

        async function ask(path, body) {
          const headers = {"Content-Type": "application/json"};
          if ($("key").value) headers.Authorization = "Bearer " + $("key").value;
          const begin = performance.now();
          const response = await fetch(path, body === undefined
            ? {headers} : {method: "POST", headers, body: JSON.stringify(body)});
          const json = await response.json();
          const took = performance.now() - begin;
          if (response.status === 401) $("keyBox").hidden = false;
          if (body !== undefined) note(path, took, response.status, response.headers.get("x-inference-time"));
          if (!response.ok) throw new Error(typeof json.error === "string" ? json.error : json.error.message);
          return json;
        }

        function note(path, took, status, inference) {
          times.unshift({path, took, status, inference});
          times.length = Math.min(times.length, 10);
          const most = Math.max(...times.map(time => time.took));
          const rows = times.map(time => element("tr", {},
            element("th", {scope: "row"}, time.path), element("td", {}, String(time.status)),
            element("td", {}, bar(time.took / most)), element("td", {class: "number"}, shown(time.took, 1) + " ms"),
            element("td", {class: "number"}, time.inference === null ? "" : time.inference + " ms")));
          const head = element("tr", {}, ...["Address", "Status", "", "In all", "Model"].map(
            text => !text ? element("td")
              : element("th", {scope: "col", ...(["In all", "Model"].includes(text) ? {class: "number"} : {})}, text)));
          $("times").replaceChildren(element("div", {class: "scroll"}, element("table", {}, head, ...rows)));
        }

        function bar(part) {
          const width = Math.max(0, Math.min(1, part)) * 100 + "%";
          return element("div", {class: "track", "aria-hidden": "true"}, element("div", {class: "fill", style: {width}}));
        }

        function bars(scores) {
          return element("table", {}, ...scores.map(score => element("tr", {},
            element("th", {scope: "row"}, score.label), element("td", {}, bar(score.score)),
            element("td", {class: "number"}, shown(score.score)))));
        }

        function color(label) {
          let hash = 7;
          for (const letter of label) hash = (hash * 31 + letter.codePointAt(0)) % 360;
          return `hsl(${hash} 75% 78%)`;
        }

        function highlighted(text, spans) {
          // Places count code points, not the units that strings have here.
          const letters = Array.from(text);
          const box = element("p", {class: "text"});
          let end = 0;
          for (const span of spans) {
            if (span.start === null || span.start < end) continue;
            box.append(letters.slice(end, span.start).join(""));
            box.append(element("mark", {style: {background: color(span.label)}},
              letters.slice(span.start, span.end).join(""), element("b", {}, span.label)));
            end = span.end;
          }
          box.append(letters.slice(end).join(""));
          return box;
        }

        function heatMap(texts, vectors) {
          const lengths = vectors.map(vector => Math.hypot(...vector) || 1);
          const head = element("tr", {}, element("td"), ...texts.map((_, index) => element("th", {scope: "col"}, String(index + 1))));
          const rows = texts.map((text, row) => element("tr", {},
            element("th", {scope: "row"}, `${row + 1}. ${text}`),
            ...texts.map((_, column) => {
              const cosine = vectors[row].reduce((sum, value, index) => sum + value * vectors[column][index], 0)
                / lengths[row] / lengths[column];
              const warm = Math.max(0, Math.min(1, cosine));
              return element("td", {style: {background: `hsl(${220 - 190 * warm} 80% ${88 - 22 * warm}%)`, color: "#10151b"}},
                shown(cosine, 2));
            })));
          return element("div", {class: "scroll"}, element("table", {class: "heat"}, head, ...rows));
        }

        function present(task, json, text) {
          switch (task) {
            case "text-classification": return bars(json[0]);
            case "zero-shot-classification": return bars(json);
            case "fill-mask":
              return element("div", {}, ...(Array.isArray(json[0]) ? json : [json]).map(list =>
                bars(list.map(one => ({label: one.token_str, score: one.score})))));
            case "token-classification": {
              const spans = json.map(one => ({...one, label: one.entity_group ?? one.entity}));
              return element("div", {}, highlighted(text, spans),
                bars(spans.map(one => ({label: `${one.word} (${one.label})`, score: one.score}))));
            }
            case "question-answering": {
              const best = Array.isArray(json) ? json[0] : json;
              if (!best) return element("p", {}, "No answer was found.");
              return element("div", {}, highlighted($("second").value, [{...best, label: "answer"}]),
                bars([{label: best.answer || "no answer", score: best.score}]));
            }
            default: return element("pre", {}, JSON.stringify(json, null, 2));
          }
        }

        async function answer() {
          const model = models[$("model").value];
          const path = model.path + "/pipeline/" + model.task;
          const [text, second] = [$("first").value, $("second").value];
          switch (model.task) {
            case "sentence-embeddings": case "sentence-similarity": {
              const texts = lines(text);
              return heatMap(texts, await ask(model.path + "/embed", {inputs: texts, truncate: true}));
            }
            case "text-classification":
              return present(model.task, await ask(path, {inputs: second ? {text, text_pair: second} : {text}}));
            case "question-answering": return present(model.task, await ask(path, {inputs: {question: text, context: second}}));
            case "zero-shot-classification":
              return present(model.task, await ask(path, {inputs: text, parameters: {candidate_labels: lines(second)}}));
            case "multiple-choice": return present(model.task, await ask(path, {inputs: {prompt: text, choices: lines(second)}}));
            default: return present(model.task, await ask(path, {inputs: text}), text);
          }
        }

        function choose() {
          const model = models[$("model").value];
          if (!model) return;
          const [first, second, text, more] = forms[model.task] ?? ["Text", null, "", ""];
          $("firstLabel").textContent = first;
          $("secondBox").hidden = second === null;
          $("secondLabel").textContent = second ?? "";
          $("first").value = text;
          $("second").value = more;
          $("about").textContent =
            `${model.name}: ${model.task}, texts of up to ${model.limit} tokens, version ${model.version}`;
        }

        async function begin() {
          try {
            const list = await ask("/v1/models");
            for (const {id} of list.data) {
              const path = list.data.length === 1 ? "" : "/models/" + id;
              const info = await ask(path + "/info");
              models[id] = {name: id, path, task: info.task, limit: info.max_input_length, version: info.version};
              if (![...$("model").options].some(option => option.value === id)) $("model").append(element("option", {value: id}, id));
            }
            choose();
          } catch (error) {
            $("about").textContent = `The server says: ${error.message}. Asking again soon.`;
            setTimeout(begin, 3000);
          }
        }

        let isBusy = false;
        $("form").addEventListener("submit", async event => {
          event.preventDefault();
          if (isBusy || !models[$("model").value]) return;
          isBusy = true;
          $("send").setAttribute("aria-disabled", "true");
          try {
            $("answer").replaceChildren(await answer());
          } catch (error) {
            $("answer").replaceChildren(element("p", {class: "error"}, error.message));
          }
          $("send").removeAttribute("aria-disabled");
          isBusy = false;
        });
        $("form").addEventListener("keydown", event => {
          if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) $("form").requestSubmit();
        });
        $("model").addEventListener("change", choose);
        begin();
        </script>
        </body>
        </html>
        """#
}
