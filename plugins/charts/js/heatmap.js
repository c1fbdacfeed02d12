// Cells of two categories; colour tells the value, and where there is room the number itself stands in the cell.
(function (jf) {
  'use strict';

  function isNumber(value) { return typeof value === 'number'; }

  // The bar that explains the colours, on the line of the axis name.
  function ramp(frame, colours, low, high, text) {
    var font = jf.font(11), bar = frame.small ? 60 : 110, y = frame.top;
    var lowText = text(low), highText = text(high);
    var right = frame.right - frame.measure(highText, font) - 6;
    frame.texts.push(jf.label(highText, frame.right, y, font, frame.theme.muted, 'right'));
    frame.texts.push({type: 'rect', silent: true, shape: {x: right - bar, y: y + 1, width: bar, height: 10, r: 2},
                      style: {fill: {type: 'linear', x: 0, y: 0, x2: 1, y2: 0, colorStops: colours.map(function (c, i) {
                        return {offset: i / (colours.length - 1), color: c};
                      })}}});
    frame.texts.push(jf.label(lowText, right - bar - 6, y, font, frame.theme.muted, 'right'));
    return right - bar - 18 - frame.measure(lowText, font);
  }

  jf.heatmap = function (chart, env) {
    var frame = jf.frame(chart, env), spec = frame.spec, data = frame.data, theme = frame.theme;
    var low = Infinity, high = -Infinity;
    data.series.forEach(function (row) {
      row.values.forEach(function (value) { if (isNumber(value)) { low = Math.min(low, value); high = Math.max(high, value); } });
    });
    if (low > high) { return jf.noData(frame); }
    var colours = theme.ramp, from = low, to = high;
    if (low < 0 && high > 0) {
      colours = theme.diverging;
      to = Math.max(high, -low);
      from = -to;
    }
    jf.addNote(frame);
    jf.addXName(frame, spec.x_title || '');
    var name = data.names.y[0] || 'count', pattern = jf.pattern(frame, name);
    var text = function (value) { return jf.number(value, pattern); };
    var room = (to > from ? ramp(frame, colours, from, to, text) : frame.right) - frame.left;
    var title = jf.cut(jf.oneLine(spec.y_title !== undefined ? spec.y_title : name), jf.font(11), Math.max(30, room), frame.measure);
    frame.texts.push(jf.label(title, frame.left, frame.top, jf.font(11), theme.muted));
    frame.top += 22;
    var labels = jf.categoryTexts(frame), cells = cellsOf(frame, from, to, colours, labels), rows = data.series.map(function (row) { return row.name; });
    // The height of the lying axis depends on the width, and the width on the upright one: upright first, on a guess.
    var guess = frame.bottom;
    frame.bottom -= 24;
    var y = jf.categoryAxisUpright(frame, rows);
    frame.bottom = guess;
    var x = jf.categoryAxis(frame, labels, data.x_kind !== 'category');
    y.axisLine = x.axisLine = {show: false};
    var slot = (frame.bottom - frame.top) / rows.length, every = Math.max(1, Math.ceil(13 / slot));
    y.axisLabel.interval = function (index) { return index % every === 0; };
    if (slot < 2 * 14) { oneLineLabels(frame, y, rows); }
    return jf.base(frame, {
      legend: {show: false}, grid: Object.assign(jf.grid(frame), {show: true, borderWidth: 0, backgroundColor: theme.empty}), xAxis: x, yAxis: y,
      tooltip: jf.tooltip(frame, {trigger: 'item'}),
      series: [{type: 'heatmap', name: name, data: cells, label: cellLabels(frame, text, labels.length, rows.length),
                itemStyle: {borderColor: theme.ground, borderWidth: labels.length > 60 || rows.length > 40 ? 0 : 1},
                encode: {x: 0, y: 1, tooltip: [2]}}]
    });
  };

  function oneLineLabels(frame, axis, rows) {
    var room = frame.left - frame.pad - 8;
    var texts = rows.map(function (row) { return jf.cut(jf.oneLine(row), jf.font(11), room, frame.measure); });
    axis.axisLabel.formatter = function (value, index) { return texts[index]; };
  }

  function cellsOf(frame, from, to, colours, labels) {
    var cells = [];
    frame.data.series.forEach(function (row, y) {
      row.values.forEach(function (value, x) {
        if (isNumber(value)) {
          var colour = jf.between(colours, to > from ? (value - from) / (to - from) : 0.5);
          cells.push({name: frame.env.interactive ? labels[x] + ' \u00b7 ' + row.name : undefined, value: [x, y, value], itemStyle: {color: colour}, label: {color: jf.inkOn(colour)}});
        }
      });
    });
    return cells;
  }

  function cellLabels(frame, text, columns, rows) {
    var width = (frame.right - frame.left) / columns, height = (frame.bottom - frame.top) / rows, font = jf.font(11);
    var texts = [];
    frame.data.series.forEach(function (row) { row.values.forEach(function (v) { if (isNumber(v)) { texts.push(text(v)); } }); });
    var fits = height >= 17 && columns * rows <= 600 && jf.widest(texts, font, frame.measure) + 6 <= width;
    return {show: fits, fontSize: 11, fontFamily: jf.FAMILY, formatter: function (item) { return text(item.value[2]); }};
  }
})(JackfieldChart);
