namespace Diffusion.Cli.Evaluation.Gallery;

/// <summary>The page without its data.</summary>
internal static class GalleryTemplate
{
    /// <summary>Where the data go.</summary>
    public const string DataMark = "/*DATA*/null";

    public const string Page = """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>Gallery: textures by steps and solver</title>
        <style>
        :root {
          color-scheme: light dark;
          --page: #f6f6f3; --card: #fdfdfb; --edge: #e4e3de; --ink: #14140f; --soft: #55544d; --faint: #8a887f;
          --key: #2a78d6;
        }
        @media (prefers-color-scheme: dark) {
          :root { --page: #0e0e0d; --card: #1a1a19; --edge: #2e2d2a; --ink: #f5f4ef; --soft: #c0beb5; --key: #4a93ea; }
        }
        * { box-sizing: border-box; }
        body {
          margin: 0; background: var(--page); color: var(--ink);
          font: 15px/1.5 system-ui, -apple-system, "Segoe UI", "Noto Sans", sans-serif;
        }
        main { max-width: 1180px; margin: 0 auto; padding: 32px 20px 48px; }
        h1 { font-size: 28px; line-height: 1.2; margin: 0 0 6px; letter-spacing: -0.015em; }
        p { margin: 0; color: var(--soft); max-width: 84ch; }
        .bar {
          position: sticky; top: 0; z-index: 1; padding: 14px 18px; margin: 18px 0;
          background: var(--card); border: 1px solid var(--edge); border-radius: 12px;
          display: grid; gap: 12px 28px; grid-template-columns: auto minmax(240px, 1fr) auto; align-items: center;
        }
        .label { font-size: 12.5px; color: var(--faint); display: block; }
        .keys { display: flex; flex-wrap: wrap; gap: 6px; }
        button {
          font: inherit; font-size: 14px; color: var(--ink); background: none; padding: 3px 11px; cursor: pointer;
          border: 1px solid var(--edge); border-radius: 8px;
        }
        button[aria-pressed="true"] { background: var(--key); border-color: var(--key); color: #fff; }
        input[type=range] { width: 100%; margin: 4px 0 0; accent-color: var(--key); }
        .ticks { display: flex; justify-content: space-between; font-size: 13px; color: var(--soft); padding: 0 4px; }
        .ticks b { color: var(--key); }
        select {
          font: inherit; font-size: 14px; padding: 3px 6px; background: var(--card); color: var(--ink);
          border: 1px solid var(--edge); border-radius: 8px;
        }
        .facts {
          grid-column: 1 / -1; display: flex; flex-wrap: wrap; gap: 4px 26px;
          border-top: 1px solid var(--edge); padding-top: 10px;
        }
        .facts div b { font-size: 19px; font-weight: 600; letter-spacing: -0.01em; font-variant-numeric: tabular-nums; }
        .facts div span { color: var(--soft); font-size: 13px; margin-left: 6px; }
        .grid { display: grid; gap: 14px; grid-template-columns: repeat(auto-fill, minmax(352px, 1fr)); }
        .grid.one { grid-template-columns: 1fr; }
        .card { background: var(--card); border: 1px solid var(--edge); border-radius: 12px; padding: 12px 14px 14px; }
        .card h2 { font-size: 15px; margin: 0 0 8px; }
        .pair { display: grid; grid-template-columns: 1fr 2fr; gap: 16px; }
        .strip { display: flex; gap: 4px; }
        canvas { width: 100%; min-width: 0; flex: 1; aspect-ratio: 1; border-radius: 4px; display: block; }
        .none { color: var(--faint); font-size: 13px; }
        footer { color: var(--faint); font-size: 13px; margin-top: 22px; }
        @media (max-width: 760px) { .bar { grid-template-columns: 1fr; position: static; } }
        </style>
        </head>
        <body>
        <main>
        <h1>Textures by steps and solver</h1>
        <p>Left a real texture that the network never saw, right two that it makes, from the same seeds in every
        setting; none is chosen. Move the slider.</p>
        <div class="bar">
          <div><span class="label">solver</span><div class="keys" id="curves"></div></div>
          <div>
            <span class="label">steps</span>
            <input type="range" id="steps" min="0" step="1" aria-label="steps"><div class="ticks" id="ticks"></div>
          </div>
          <div>
            <span class="label">class</span><select id="class" aria-label="class"></select>
            <button id="tiled" aria-pressed="false">tiled</button>
          </div>
          <div class="facts" id="facts"></div>
        </div>
        <div class="grid" id="grid"></div>
        <footer id="foot"></footer>
        </main>
        <script>
        "use strict";
        const data = /*DATA*/null;
        const byId = id => document.getElementById(id);
        const manyModels = new Set(data.rows.map(r => r.model + r.guidance)).size > 1;
        const nameOf = r => manyModels ? `${r.model}: ${r.solver}` : r.solver;
        const curves = [...new Set(data.rows.map(nameOf))];
        const images = new Map();
        const state = { curve: curves[0], steps: 8, label: -1, tiled: false };

        function image(uri) {
          if (!images.has(uri)) {
            const made = new Image();
            made.src = uri;
            images.set(uri, made.decode().then(() => made));
          }
          return images.get(uri);
        }

        async function draw(canvas, uri, i) {
          canvas.dataset.uri = uri + i;
          const strip = await image(uri);
          if (canvas.dataset.uri !== uri + i) { return; }
          const size = Math.round(canvas.clientWidth * devicePixelRatio) || 128;
          canvas.width = canvas.height = size;
          const context = canvas.getContext("2d");
          context.imageSmoothingQuality = "high";
          const parts = state.tiled ? 3 : 1;
          for (let y = 0; y < parts; y++) {
            for (let x = 0; x < parts; x++) {
              const [left, top] = [Math.round(x * size / parts), Math.round(y * size / parts)];
              const [right, bottom] = [Math.round((x + 1) * size / parts), Math.round((y + 1) * size / parts)];
              context.drawImage(strip, i * data.edge, 0, data.edge, data.edge, left, top, right - left, bottom - top);
            }
          }
        }

        const rowsOf = curve => data.rows.filter(r => nameOf(r) === curve);
        const current = () => rowsOf(state.curve).reduce((best, r) =>
          Math.abs(Math.log(r.steps / state.steps)) < Math.abs(Math.log(best.steps / state.steps)) ? r : best);

        function strips(parent, uri, count) {
          for (let i = 0; i < count; i++) {
            const canvas = document.createElement("canvas");
            parent.append(canvas);
            draw(canvas, uri, i);
          }
        }

        function fact(value, text) {
          const box = document.createElement("div");
          const [number, words] = [document.createElement("b"), document.createElement("span")];
          number.textContent = value;
          words.textContent = text;
          box.append(number, words);
          byId("facts").append(box);
        }

        function show() {
          const row = current();
          byId("curves").querySelectorAll("button")
            .forEach(b => b.setAttribute("aria-pressed", b.textContent === state.curve));
          const rows = rowsOf(state.curve);
          byId("steps").max = rows.length - 1;
          byId("steps").value = rows.indexOf(row);
          byId("ticks").replaceChildren(...rows.map(r => {
            const tick = document.createElement(r === row ? "b" : "span");
            tick.textContent = r.steps;
            return tick;
          }));
          byId("facts").replaceChildren();
          if (row.ms !== null) {
            fact(`${row.ms.toFixed(0)} ms`, "work for a texture");
            fact(`${row.frames}`, `frames of ${data.budgetMs} ms`);
            fact(`${row.evaluations}`, "evaluations");
          }
          fact(row.patches.toFixed(3), `patch distance (held out ${data.heldOut.patches.toFixed(3)})`);
          const percent = share => `${(100 * share).toFixed(0)} %`;
          fact(percent(row.accuracy), `classes found (held out ${percent(data.heldOut.accuracy)})`);
          byId("grid").className = state.label < 0 ? "grid" : "grid one";
          byId("grid").replaceChildren();
          data.classes.forEach((name, label) => {
            if (state.label >= 0 && state.label !== label) { return; }
            const card = document.createElement("div");
            card.className = "card";
            const title = document.createElement("h2");
            title.textContent = name.replaceAll("_", " ");
            const pair = document.createElement("div");
            pair.className = "pair";
            const [real, made] = [document.createElement("div"), document.createElement("div")];
            real.className = made.className = "strip";
            pair.append(real, made);
            card.append(title, pair);
            byId("grid").append(card);
            if (data.real[label]) {
              strips(real, data.real[label], 1);
            } else {
              real.innerHTML = "<span class=none>none held out</span>";
            }
            strips(made, row.strips[label], 2);
          });
        }

        for (const curve of curves) {
          const button = document.createElement("button");
          button.textContent = curve;
          button.onclick = () => { state.curve = curve; show(); };
          byId("curves").append(button);
        }
        for (const [label, name] of [[-1, "all"], ...data.classes.map((name, i) => [i, name.replaceAll("_", " ")])]) {
          byId("class").append(new Option(name, label));
        }
        byId("class").onchange = e => { state.label = Number(e.target.value); show(); };
        byId("steps").oninput = e => { state.steps = rowsOf(state.curve)[e.target.value].steps; show(); };
        byId("tiled").onclick = e => {
          state.tiled = !state.tiled;
          e.target.setAttribute("aria-pressed", state.tiled);
          show();
        };
        byId("foot").textContent = `${data.date}; ${data.machine}; seeds from ${data.seed}; ${data.edge} pixels; `
          + '"tiled" repeats a texture 3x3.';
        show();
        </script>
        </body>
        </html>

        """;
}
