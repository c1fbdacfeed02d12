// Shares of a whole: a ring, and beside it a list with each name, share and colour, which never overlaps.
(function (jf) {
  'use strict';

  var ROW = 22, FONT = 12;

  jf.pie = function (chart, env) {
    var frame = jf.frame(chart, env), spec = frame.spec, data = frame.data;
    var values = data.series.length > 0 ? data.series[0].values : [];
    var total = values.reduce(function (sum, value) { return sum + (value || 0); }, 0);
    if (!(total > 0)) { return jf.noData(frame); }
    var names = jf.categoryTexts(frame), pattern = jf.pattern(frame, data.names.y[0]);
    var items = [];
    names.forEach(function (name, i) {
      if (typeof values[i] === 'number') {
        items.push({name: jf.oneLine(name), value: values[i], colour: jf.colour(frame.theme, items.length, name)});
      }
    });
    var width = frame.right - frame.left, height = frame.bottom - frame.top - (spec.note || frame.remarks.length ? 20 : 0);
    var rowHeight = Math.max(16, Math.min(ROW, Math.floor(height / items.length)));
    var rows = Math.min(items.length, Math.max(1, Math.floor(height / rowHeight)));
    if (rows < items.length) { frame.remarks.push('list: ' + rows + ' of ' + items.length); }
    jf.addNote(frame);
    height = frame.bottom - frame.top;
    var size = Math.min(height, width * 0.44, 380);
    var column = textColumns(frame, items, total, pattern, width - size - 28);
    var listWidth = column.width, gap = Math.max(24, Math.min(64, (width - size - listWidth) / 3));
    var left = frame.left + Math.max(0, (width - size - gap - listWidth) / 2);
    list(frame, items.slice(0, rows), column, left + size + gap, frame.top + (height - rows * rowHeight) / 2, rowHeight);
    return jf.base(frame, {
      legend: {show: false}, tooltip: jf.tooltip(frame, {trigger: 'item', valueFormatter: function (v) { return jf.number(v, pattern); }}),
      series: [{
        type: 'pie', name: data.names.y[0], radius: [size * 0.29, size * 0.5], center: [left + size / 2, frame.top + height / 2],
        label: {show: false}, labelLine: {show: false}, emphasis: {scaleSize: 4}, minAngle: 1,
        itemStyle: {borderColor: frame.theme.ground, borderWidth: items.length > 1 ? 2 : 0},
        data: items.map(function (item) { return {name: item.name, value: item.value, itemStyle: {color: item.colour}}; })
      }]
    });
  };

  // Names, values and shares in columns; the values go first when there is no room, then names are cut.
  function textColumns(frame, items, total, pattern, room) {
    var font = jf.font(FONT), measure = frame.measure;
    var shares = items.map(function (item) {
      var share = item.value / total * 100;
      return share > 0 && share < 0.1 ? '<0.1 %' : jf.fixed(share, share > 99.9 && share < 100 ? 2 : 1) + ' %';
    });
    var values = items.map(function (item) { return jf.number(item.value, pattern); });
    var shareWidth = jf.widest(shares, font, measure), valueWidth = jf.widest(values, font, measure) + 16;
    var wanted = jf.widest(items.map(function (item) { return item.name; }), font, measure);
    var fixed = 18 + 18 + shareWidth, withValues = room - fixed - valueWidth >= Math.min(wanted, 90);
    var nameWidth = Math.min(wanted, 260, room - fixed - (withValues ? valueWidth : 0));
    return {
      names: jf.cutAll(items.map(function (item) { return item.name; }), font, function () { return Math.max(20, nameWidth); }, measure),
      shares: shares, values: withValues ? values : null, nameWidth: nameWidth, valueWidth: valueWidth,
      width: Math.ceil(fixed + nameWidth + (withValues ? valueWidth : 0))
    };
  }

  function list(frame, items, column, x, y, rowHeight) {
    var font = jf.font(FONT);
    items.forEach(function (item, i) {
      var top = y + i * rowHeight + (rowHeight - FONT) / 2 - 1;
      frame.texts.push({type: 'rect', silent: true, shape: {x: x, y: top + 2, width: 10, height: 10, r: 2}, style: {fill: item.colour}});
      frame.texts.push(jf.label(column.names[i], x + 18, top, font, frame.theme.text));
      if (column.values) {
        frame.texts.push(jf.label(column.values[i], x + 18 + column.nameWidth + column.valueWidth, top, font, frame.theme.muted, 'right'));
      }
      frame.texts.push(jf.label(column.shares[i], x + column.width, top, font, frame.theme.title, 'right'));
    });
  }
})(JackfieldChart);
