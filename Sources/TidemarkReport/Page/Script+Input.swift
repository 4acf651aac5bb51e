extension Script {
    /// Pointer and keys. Upward and downward strokes of a finger stay with the page.
    static let input = """
        let drag = null;
        const timeAt = (plot, event) => {
          const box = plot.hit.getBoundingClientRect(), axis = plot.axis;
          return axis.from + clamp((event.clientX - box.left) / box.width, 0, 1) * (axis.to - axis.from);
        };

        function brush(axis, from, to) {
          for (const plot of plots) {
            const isSeen = plot.axis === axis && from !== to;
            plot.brush.setAttribute('visibility', isSeen ? 'visible' : 'hidden');
            if (!isSeen) continue;
            plot.brush.setAttribute('x', percent(placeOf(axis, Math.min(from, to))));
            plot.brush.setAttribute('width', percent(Math.abs(to - from) / (axis.to - axis.from)));
          }
        }

        function drop() {
          drag = null;
          brush(null, 0, 0);
        }

        for (const plot of plots) {
          const on = (name, act) => plot.hit.addEventListener(name, act);
          on('pointerdown', event => {
            if (event.button || !event.isPrimary) return;
            drag = { x: event.clientX, time: timeAt(plot, event), isBrush: false };
            plot.hit.setPointerCapture(event.pointerId);
          });
          on('pointermove', event => {
            pointer = timeAt(plot, event);
            if (drag && Math.abs(event.clientX - drag.x) > 4) drag.isBrush = true;
            if (drag && drag.isBrush) brush(plot.axis, drag.time, pointer);
            schedule();
          });
          on('pointerup', event => {
            if (!drag) return;
            const { time, isBrush } = drag, end = timeAt(plot, event);
            drop();
            if (isBrush) zoom(plot.axis, Math.min(time, end), Math.max(time, end)); else mark(plot.axis, end);
          });
          on('pointercancel', drop);
          on('pointerleave', () => { pointer = null; schedule(); });
          on('dblclick', reset);
        }

        const group = plots[0].svg.closest('.aligned, .multiples');
        const move = share => () => {
          const axis = shared, length = axis.to - axis.from;
          mark(axis, (moment === null ? axis.from + length / 2 : moment) + share * length);
        };
        const keys = {
          ArrowLeft: move(-0.005), ArrowRight: move(0.005), PageUp: move(-0.05), PageDown: move(0.05),
          '+': () => zoomBy(0.5), '=': () => zoomBy(0.5), '-': () => zoomBy(2), c: copyLink
        };
        if (group) {
          const help = document.createElement('p');
          help.className = 'note help';
          help.textContent = words.help;
          help.id = 'keys-of-charts';
          group.setAttribute('aria-describedby', help.id);
          if (group.querySelector('.note')) group.querySelector('.note').after(help); else group.before(help);
          group.tabIndex = 0;
          group.setAttribute('role', 'group');
          if (!group.hasAttribute('aria-label'))
            group.setAttribute('aria-labelledby', group.closest('section').getAttribute('aria-labelledby'));
          group.addEventListener('keydown', event => {
            const act = keys[event.key.length > 1 ? event.key : event.key.toLowerCase()];
            if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
            event.preventDefault();
            current = shared;
            act();
          });
        }
        addEventListener('keydown', event => {
          if (event.key !== 'Escape') return;
          if (drag) drop(); else if (!bar.hidden) reset();
        });
        addEventListener('hashchange', follow);
        follow();

        """
}
