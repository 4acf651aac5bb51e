extension Script {
    /// The crosshair at the pointer, or else at the moment that was marked, with the values there.
    static let crosshair = """
        let current = shared, pointer = null, moment = null, note = '', isDue = false;

        function parse(plot) {
          plot.lines = Array.from(plot.svg.querySelectorAll('path[data-points]'), path => {
            const entries = path.dataset.points.split(',').map(entry => entry.split(':'));
            return {
              name: path.dataset.name, style: path.getAttribute('class').replace('line ', ''),
              columns: entries.map(entry => Number(entry[0])),
              texts: entries.map(entry => entry[1].replace('~', '\\u2013'))
            };
          });
        }

        /// The value nearest to a column, unless it lies in a gap.
        function textAt(line, column) {
          let low = 0, high = line.columns.length - 1;
          if (high < 0 || line.columns[0] > column + 2) return '';
          while (low < high) {
            const middle = (low + high + 1) >> 1;
            if (line.columns[middle] <= column) low = middle; else high = middle - 1;
          }
          const isNextNearer = line.columns[low + 1] - column < column - line.columns[low] - 1;
          return line.texts[low] && isNextNearer && line.texts[low + 1] || line.texts[low];
        }

        function read(plot, time) {
          if (!plot.lines) parse(plot);
          const axis = plot.axis, column = (time - axis.start) / (axis.end - axis.start) * plot.columns;
          let unit = '';
          plot.readout.textContent = timeText(axis, time);
          for (const line of plot.lines) {
            if (plot.off.has(line.name)) continue;
            const value = textAt(line, column), name = document.createElement('b');
            name.className = line.style;
            name.textContent = line.name;
            plot.readout.append('\\u2002', name, ' ' + (value || '\\u2013'));
            if (value) unit = ' ' + plot.unit;
          }
          plot.readout.append(unit);
        }

        function update() {
          isDue = false;
          const time = pointer === null ? moment : pointer;
          for (const plot of plots) {
            const place = time === null ? -1 : placeOf(plot.axis, time), isSeen = place >= 0 && place <= 1;
            plot.cross.setAttribute('visibility', isSeen ? 'visible' : 'hidden');
            if (isSeen) for (const end of ['x1', 'x2']) plot.cross.setAttribute(end, percent(place));
            if (!plot.readout) continue;
            if (isSeen) read(plot, time); else plot.readout.textContent = '';
          }
        }

        /// The pointer moves more often than the screen is drawn.
        function schedule() {
          if (!isDue) requestAnimationFrame(update);
          isDue = true;
        }

        """

    /// Hiding a series: the entries of a strip's legend become buttons.
    static let series = """
        function toggle(plot, name, isOff) {
          if (isOff) plot.off.add(name); else plot.off.delete(name);
          for (const mark of plot.svg.querySelectorAll('[data-name]'))
            if (mark.dataset.name === name) mark.classList.toggle('off', isOff);
          for (const one of plot.buttons || []) if (one.name === name) one.element.setAttribute('aria-pressed', !isOff);
        }

        for (const plot of plots) {
          const figure = plot.svg.closest('figure'), legend = figure.querySelector('.legend');
          const names = new Set(Array.from(figure.querySelectorAll('path[data-points]'), path => path.dataset.name));
          if (!legend || names.size < 2) continue;
          plot.buttons = Array.from(legend.querySelectorAll('.entry')).filter(one => names.has(one.textContent.trim())).map(one => {
            const name = one.textContent.trim(), element = button('', event => {
              const isOff = !plot.off.has(name);
              for (const other of event.shiftKey ? plots : [plot]) toggle(other, name, isOff);
              schedule();
            });
            element.className = 'entry';
            element.title = words.everywhere;
            element.setAttribute('aria-pressed', 'true');
            element.append(...one.childNodes);
            one.replaceWith(element);
            return { name, element };
          });
          legend.removeAttribute('aria-hidden');
          legend.setAttribute('role', 'group');
          legend.setAttribute('aria-label', words.series);
          legend.classList.add('toggles');
          if (!legend.classList.contains('always')) figure.querySelector('figcaption').children[0].after(legend);
        }

        """
}
