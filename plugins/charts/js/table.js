// A table as a picture: what fits is drawn, the note says how much that is. (The browser page shows a real table.)
(function (jf) {
  'use strict';

  var SIZE = 12, ROW = 24, PADDING = 20;

  /** The text of each cell of a column, as picture and page show it. */
  jf.cellTexts = function (column, pattern) {
    if (column.kind === 'text') { return column.values.map(function (v) { return v === null ? '\u2013' : jf.oneLine(v); }); }
    if (column.kind === 'time') {
      return column.values.map(function (v) { return jf.time(v, pattern || (column.date_only ? 'yyyy-MM-dd' : 'yyyy-MM-dd HH:mm')); });
    }
    return numberTexts(column.values, pattern);
  };

  // Numbers of one column share their decimals, so that the points stand under each other.
  function numberTexts(values, pattern) {
    var places = 0, largest = 0;
    values.forEach(function (value) {
      if (value === null) { return; }
      largest = Math.max(largest, Math.abs(value));
      places = Math.max(places, Math.min(4, jf.decimalsOf(Math.abs(value) || 1)));
    });
    if (largest >= 1000) { places = Math.min(places, 2); }
    var odd = largest >= 1e15 || (largest > 0 && largest < 1e-3);
    return values.map(function (value) {
      return pattern || value === null || odd ? jf.number(value, pattern) : jf.fixed(value, places);
    });
  }

  // Narrow ones keep what they want, wide ones share the rest.
  function shareWidths(wanted, room) {
    var widths = wanted.slice(), left = room, open = wanted.map(function (w, i) { return i; });
    for (var changed = true; changed;) {
      changed = false;
      var each = left / open.length;
      open = open.filter(function (i) {
        if (wanted[i] > each) { return true; }
        left -= wanted[i];
        changed = true;
        return false;
      });
      if (open.length === 0) { return widths; }
    }
    open.forEach(function (i) { widths[i] = left / open.length; });
    return widths;
  }

  function wantedWidth(frame, column) {
    var texts = jf.cellTexts(column, jf.pattern(frame, column.name)).slice(0, 200);
    return Math.ceil(Math.max(frame.measure(jf.oneLine(column.name), jf.font(SIZE, true)), jf.widest(texts, jf.font(SIZE), frame.measure))) + PADDING;
  }

  // The first columns that have room; a text may be cut to some 90 units, a number never.
  function fitting(frame, columns, room) {
    var used = 0, count = 0;
    while (count < columns.length) {
      var wanted = wantedWidth(frame, columns[count]);
      used += columns[count].kind === 'text' ? Math.min(wanted, 110) : wanted;
      if (used > room) { break; }
      count++;
    }
    return columns.slice(0, Math.max(1, count));
  }

  // Widths that add up to `room`: numbers and times keep theirs, texts share what is left.
  function widthsOf(columns, wanted, room) {
    var texts = [], left = room;
    columns.forEach(function (column, i) { if (column.kind === 'text') { texts.push(i); } else { left -= wanted[i]; } });
    var shared = shareWidths(texts.map(function (i) { return wanted[i]; }), left), out = wanted.slice();
    texts.forEach(function (i, k) { out[i] = shared[k]; });
    return out;
  }

  jf.table = function (chart, env) {
    var frame = jf.frame(chart, env), spec = frame.spec, all = frame.data.columns;
    if (all.length === 0 || all[0].values.length === 0) { return jf.noData(frame); }
    var room = frame.right - frame.left;
    var columns = fitting(frame, all, room + PADDING);
    if (columns.length < all.length) { frame.remarks.push(columns.length + ' of ' + all.length + ' columns shown'); }
    var count = all[0].values.length, free = frame.bottom - frame.top - ROW;
    if (Math.floor(free / ROW) < count || frame.remarks.length || spec.note) { free -= 21; }
    var rows = Math.max(1, Math.min(count, Math.floor(free / ROW)));
    if (rows < count) { // one sentence about rows, not two
      frame.remarks = frame.remarks.filter(function (line) { return !/ rows shown$/.test(line); });
      frame.remarks.push(jf.fixed(rows, 0) + ' of ' + jf.fixed(frame.data.rows, 0) + ' rows shown');
    }
    jf.addNote(frame);
    var texts = columns.map(function (column) { return jf.cellTexts(column, jf.pattern(frame, column.name)).slice(0, rows); });
    var wanted = columns.map(function (column) { return wantedWidth(frame, column); });
    draw(frame, columns, texts, widthsOf(columns, wanted, room + PADDING), rows);
    return jf.base(frame, {legend: {show: false}, series: []});
  };

  function line(frame, y, colour, width) {
    frame.texts.push({type: 'rect', silent: true, shape: {x: frame.left, y: y, width: width, height: 1}, style: {fill: colour}});
  }

  function draw(frame, columns, texts, widths, rows) {
    var measure = frame.measure, theme = frame.theme, x = frame.left;
    var total = Math.min(frame.right - frame.left, widths.reduce(function (sum, w) { return sum + w; }, 0) - PADDING);
    columns.forEach(function (column, i) {
      var right = column.kind === 'number', room = widths[i] - PADDING, at = right ? x + room : x;
      var put = function (text, row, font, fill) {
        frame.texts.push(jf.label(jf.cut(text, font, room, measure), at, frame.top + row * ROW + 5, font, fill, right ? 'right' : 'left'));
      };
      put(jf.oneLine(column.name), 0, jf.font(SIZE, true), theme.title);
      texts[i].forEach(function (text, row) { put(text, row + 1, jf.font(SIZE), text === '\u2013' ? theme.muted : theme.text); });
      x += widths[i];
    });
    line(frame, frame.top + ROW - 1, theme.axis, total);
    for (var row = 1; row < rows; row++) { line(frame, frame.top + (row + 1) * ROW - 1, theme.line, total); }
  }
})(JackfieldChart);
