extension Script {
    /// A part of the axis over the whole width, in all strips that share it.
    static let zoom = """
        function zoom(axis, from, to) {
          // Below some columns of the drawing there would be nothing but straight lines.
          const least = (axis.end - axis.start) / 96, length = clamp(to - from, least, axis.end - axis.start);
          axis.from = clamp((from + to - length) / 2, axis.start, axis.end - length);
          axis.to = axis.from + length;
          current = axis;
          redraw(axis);
        }

        function redraw(axis) {
          const zoomed = isZoomed(axis), scale = (axis.end - axis.start) / (axis.to - axis.from);
          for (const plot of plots) {
            if (plot.axis !== axis) continue;
            plot.svg.classList.toggle('zoomed', zoomed);
            plot.stretch.setAttribute('x', percent(placeOf(axis, axis.start)));
            plot.stretch.setAttribute('width', percent(scale));
            plot.ticks.replaceChildren();
            if (zoomed) drawTicks(plot);
            // A label whose mark lies outside would be cut in two.
            for (const label of plot.stretch.querySelectorAll('text')) {
              const place = placeOf(axis, axis.start + parseFloat(label.getAttribute('x')) / 100 * (axis.end - axis.start));
              label.classList.toggle('off', place < 0 || place > 1);
            }
          }
          say('');
        }

        function drawTicks(plot) {
          ticks(plot.axis, plot.limit).forEach((tick, index) => {
            const place = placeOf(plot.axis, tick.time), x = percent(place);
            const narrow = index % 2 || place > 0.93 ? ' minor' : '';
            if (plot.tickHeight) draw(plot.ticks, 'line', { class: 'grid', x1: x, x2: x, y2: plot.tickHeight });
            if (!plot.labelY) return;
            draw(plot.ticks, 'text', { class: 'time' + narrow, x, y: plot.labelY }).textContent = tick.text;
          });
        }

        function zoomBy(factor) {
          const axis = current, length = (axis.to - axis.from) * factor;
          const isInside = moment !== null && moment >= axis.from && moment <= axis.to;
          const centre = isInside ? moment : (axis.from + axis.to) / 2;
          const from = clamp(centre - (centre - axis.from) * factor, axis.start, Math.max(axis.start, axis.end - length));
          zoom(axis, from, from + length);
        }

        function mark(axis, time) {
          current = axis;
          moment = clamp(time, axis.start, axis.end);
          const move = Math.min(0, moment - axis.from) + Math.max(0, moment - axis.to);
          if (move) zoom(axis, axis.from + move, axis.to + move);
          say('');
        }

        function reset() {
          moment = pointer = null;
          for (const axis of axes.values()) zoom(axis, axis.start, axis.end);
          current = shared;
          say('');
        }

        """

    /// The bar that says what is marked and shown, and the link to it.
    static let links = """
        const bar = document.createElement('div'), status = document.createElement('output');
        bar.className = 'selection';
        bar.hidden = true;
        bar.setAttribute('role', 'group');
        bar.setAttribute('aria-label', words.selection);
        bar.append(
          status, button('\\u2212', () => zoomBy(2), words.zoomOut), button('+', () => zoomBy(0.5), words.zoomIn),
          button(words.reset, reset), button(words.copy, copyLink));
        document.querySelector('main').append(bar);

        /// Shows the state, with `text` as the answer to what was done last.
        function say(text) {
          note = text;
          const axis = current, parts = [];
          if (moment !== null) parts.push(timeText(axis, moment) + ' UTC');
          if (isZoomed(axis)) {
            const range = timeText(axis, axis.from) + '\\u2013' + timeText(axis, axis.to) + ' UTC';
            parts.push(words.shown.replace('{0}', range));
          }
          bar.hidden = !parts.length && !note;
          if (note) parts.push(note);
          status.textContent = parts.join(' \\u00b7 ');
          schedule();
        }

        /// RFC 3339; whole seconds, unless the report is of seconds itself.
        function stamp(time) {
          const unit = shared.end - shared.start > 60000 ? 1000 : 1;
          return new Date(Math.round(time / unit) * unit).toISOString().replace('.000', '');
        }

        let written = '';
        function copyLink() {
          const axis = current;
          if (moment === null) moment = (axis.from + axis.to) / 2;
          const view = isZoomed(axis) ? '&view=' + stamp(axis.from) + '/' + stamp(axis.to) : '';
          const link = '#t=' + stamp(moment) + view;
          if (location.hash !== link) {
            written = link;
            location.replace(link);
          }
          const copied = () => say(words.copied), failed = () => say(copyByHand() ? words.copied : words.inAddress);
          if (navigator.clipboard) navigator.clipboard.writeText(location.href).then(copied, failed); else failed();
        }

        /// Pages of plain HTTP have no clipboard but this.
        function copyByHand() {
          const field = document.createElement('textarea'), focused = document.activeElement;
          field.value = location.href;
          bar.append(field);
          field.select();
          const done = document.execCommand('copy');
          field.remove();
          focused.focus();
          return done;
        }

        function instant(text) {
          return /^\\d{4}-\\d\\d-\\d\\dT[\\d:.]+(Z|[+-]\\d\\d:\\d\\d)$/.test(text) ? Date.parse(text) : NaN;
        }

        /// Goes where the address points.
        function follow() {
          const isOwn = location.hash === written;
          written = '';
          if (isOwn || !/^#(t|view)=/.test(location.hash)) return;
          const given = new URLSearchParams(location.hash.slice(1).replace(/\\+/g, '%2B'));
          const [from, to] = (given.get('view') || '').split('/').map(instant), time = instant(given.get('t'));
          const holds = (axis, time) => time >= axis.start && time <= axis.end;
          const axis = Array.from(axes.values()).find(axis => holds(axis, time) || from < axis.end && to > axis.start);
          reset();
          if (axis && from < to) zoom(axis, Math.max(from, axis.start), Math.min(to, axis.end));
          if (axis && holds(axis, time)) mark(axis, time); else if (!axis || given.has('t')) say(words.outside);
          (plots.find(plot => plot.axis === axis) || plots[0]).svg.closest('figure').scrollIntoView();
        }

        """
}
