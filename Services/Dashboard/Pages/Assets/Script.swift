extension Asset {
    /// Keeps an open page current, and tells a chart's values under the pointer or the arrow keys.
    /// Without it every page reads as well. It puts text into elements, never markup.
    static let scriptText = #"""
        "use strict";

        // The fleet's numbers, pushed once a second.
        function show(values) {
            for (const [key, text] of Object.entries(values.texts)) {
                for (const element of document.querySelectorAll(`[data-live="${key}"]`)) {
                    if (element.textContent !== text) element.textContent = text;
                }
            }
            for (const [key, grade] of Object.entries(values.grades)) {
                for (const element of document.querySelectorAll(`[data-grade-of="${key}"]`)) {
                    element.dataset.grade = grade;
                }
            }
            fill("[data-live-list]", "liveList", values.lists, ([text]) => {
                const item = document.createElement("li");
                item.textContent = text;
                return item;
            });
            fill("[data-live-rows]", "liveRows", values.lists, (texts) => {
                const row = document.createElement("tr");
                texts.forEach((text, column) => {
                    const cell = row.insertCell();
                    cell.textContent = text;
                    if (column === 2) cell.className = "number";
                });
                return row;
            });
        }

        // A list is written anew only when it says something else: screen readers announce it.
        function fill(selector, name, lists, make) {
            for (const element of document.querySelectorAll(selector)) {
                const rows = lists[element.dataset[name]];
                const told = JSON.stringify(rows);
                if (!rows || element.told === told) continue;
                element.told = told;
                element.replaceChildren(...rows.map(make));
            }
        }

        function listen() {
            const sign = document.querySelector("[data-stream]");
            if (!sign) return;
            const source = new EventSource("/events");
            source.onmessage = (event) => {
                sign.dataset.stream = "on";
                show(JSON.parse(event.data));
            };
            source.onerror = () => { sign.dataset.stream = "lost"; };
            addEventListener("pagehide", () => source.close());
        }

        // Charts and lists are taken from the page itself, now and then.
        const refreshMs = 15000;
        async function refresh() {
            if (document.hidden || !document.querySelector("[data-refresh]")) return;
            const answer = await fetch(location.href).catch(() => null);
            if (!answer || !answer.ok) return;
            const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
            for (const old of document.querySelectorAll("[data-refresh]")) {
                const part = fresh.querySelector(`[data-refresh="${old.dataset.refresh}"]`);
                if (part && !old.matches(":hover") && !old.contains(document.activeElement)) {
                    old.replaceWith(document.adoptNode(part));
                }
            }
        }

        // A chart's values at one slot.
        const number = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });
        function point(plot, slot) {
            const data = plot.dataset;
            slot = Math.max(0, Math.min(Number(data.slots) - 1, slot));
            plot.slot = slot;
            const time = new Date(Number(data.start) + slot * Number(data.slot));
            const parts = [time.toISOString().slice(11, 16) + " UTC"];
            for (const path of plot.querySelectorAll("[data-values]")) {
                path.list ??= path.dataset.values.split(",");
                const text = path.list[slot];
                if (text !== "" && text !== undefined) {
                    parts.push(`${path.dataset.name} ${number.format(Number(text))} ${data.unit}`);
                }
            }
            plot.closest("figure").querySelector(".readout").textContent = parts.join(" · ");
            const cursor = plot.querySelector(".cursor");
            const place = `${slot / Math.max(1, Number(data.slots) - 1) * 100}%`;
            cursor.setAttribute("x1", place);
            cursor.setAttribute("x2", place);
            cursor.setAttribute("visibility", "visible");
        }

        addEventListener("pointermove", (event) => {
            const plot = event.target.closest?.(".plot");
            if (!plot) return;
            const box = plot.getBoundingClientRect();
            const share = (event.clientX - box.left) / box.width;
            point(plot, Math.round(share * (Number(plot.dataset.slots) - 1)));
        });

        addEventListener("keydown", (event) => {
            const plot = event.target.closest?.(".plot");
            const steps = { ArrowLeft: -1, ArrowRight: 1, PageUp: -12, PageDown: 12 };
            if (!plot || !(event.key in steps)) return;
            event.preventDefault();
            point(plot, (plot.slot ?? 0) + steps[event.key]);
        });

        listen();
        setInterval(refresh, refreshMs);
        """#
}
