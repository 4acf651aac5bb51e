/// The script of a report: the strips become an instrument that reads, zooms, hides and links. The page is complete
/// without it, and it changes no number: it moves and hides what the page has drawn.
enum Script {
    /// One function, so that nothing of it is seen from outside.
    static let source =
        "(() => {\n'use strict';\n" + frame + plots + times + crosshair + zoom + series + links + input
        + "})();\n"

    private static let frame = """
        const words = JSON.parse(document.currentScript.dataset.words);
        const clamp = (value, low, high) => Math.min(high, Math.max(low, value));
        const percent = share => share * 100 + '%';

        function draw(parent, name, attributes) {
          const shape = document.createElementNS('http://www.w3.org/2000/svg', name);
          for (const key in attributes) shape.setAttribute(key, attributes[key]);
          parent.append(shape);
          return shape;
        }

        function button(text, act, label) {
          const element = document.createElement('button');
          element.type = 'button';
          element.textContent = text;
          if (label) element.setAttribute('aria-label', label);
          element.addEventListener('click', act);
          return element;
        }

        addEventListener('beforeprint', () => {
          for (const details of document.querySelectorAll('details')) details.open = true;
        });

        """

    /// Each drawing over time, and the axis that it shares with others: `from` and `to` are what it shows of it.
    private static let plots = """
        const axes = new Map();
        const drawings = Array.from(document.querySelectorAll('svg.plot[data-start]'));
        const plots = drawings.filter(svg => svg.querySelector('.view')).map(svg => {
          const start = Number(svg.dataset.start), end = Number(svg.dataset.end), key = start + ' ' + end;
          if (!axes.has(key)) axes.set(key, { start, end, from: start, to: end });
          const find = selector => svg.querySelector(selector);
          const hit = find('.hit'), height = hit.getAttribute('height');
          const [tick, label] = [find('.ticks line'), find('.ticks text')];
          const lines = find('.lines'), caption = svg.closest('figure').querySelector('figcaption');
          const plot = {
            svg, hit, lines: null, off: new Set(), axis: axes.get(key), unit: svg.dataset.unit, stretch: find('.stretch'),
            columns: lines ? Number(lines.getAttribute('viewBox').split(' ')[2]) : 0,
            tickHeight: tick && tick.getAttribute('y2'), labelY: label && label.getAttribute('y'),
            limit: svg.classList.contains('small') ? 5 : 9,
            ticks: draw(svg, 'g', { class: 'zoom-ticks' }), readout: null,
            brush: draw(svg, 'rect', { class: 'brush', height, visibility: 'hidden' }),
            cross: draw(svg, 'line', { class: 'cross', y2: height, visibility: 'hidden' })
          };
          find('.view').before(plot.ticks);
          if (caption && lines) {
            plot.readout = document.createElement('p');
            plot.readout.className = 'readout';
            plot.readout.setAttribute('aria-hidden', 'true');
            caption.append(plot.readout);
          }
          return plot;
        });
        if (!plots.length) return;
        const shared = plots[0].axis;
        const isZoomed = axis => axis.to - axis.from < axis.end - axis.start;
        const placeOf = (axis, time) => (time - axis.from) / (axis.to - axis.from);

        """

    /// Times in the words of the page.
    private static let times = """
        const day = 86400000, steps = words.steps.split(',').map(Number), dates = words.dates.split('|');

        function dateText(time) {
          const date = new Date(time);
          return dates[date.getUTCMonth()].replace('{0}', date.getUTCDate());
        }

        const clock = (time, step) =>
          new Date(time).toISOString().slice(11, step >= 60000 ? 16 : step >= 1000 ? 19 : 23);

        function timeText(axis, time) {
          const length = axis.to - axis.from;
          const text = clock(Math.round(time), length > day ? 60000 : length > 30000 ? 1000 : 1);
          const isOneDay = Math.floor(axis.start / day) === Math.floor((axis.end - 1) / day);
          return isOneDay ? text : dateText(time) + '\\u00a0' + text;
        }

        function ticks(axis, limit) {
          const length = axis.to - axis.from, found = [];
          let step = steps.find(step => length / step < limit) || steps[steps.length - 1];
          while (length / step >= limit) step *= 2;
          const first = step % (7 * day) ? 0 : 4 * day;
          for (let time = Math.ceil((axis.from - first) / step) * step + first; time <= axis.to; time += step) {
            const isDate = step >= day || (time % day === 0 && length > 7200000);
            found.push({ time, text: isDate ? dateText(time) : clock(time, step) });
          }
          return found;
        }

        """
}
