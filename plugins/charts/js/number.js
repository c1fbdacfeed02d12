// One big number, how it changed, and the way it took.
(function (jf) {
  'use strict';

  function isNumber(value) { return typeof value === 'number'; }

  // The change against the value before: "▲ 4.2 % vs 2026-03-01".
  function change(frame, now, before) {
    var theme = frame.theme, spec = frame.spec;
    var difference = now - before, up = difference > 0;
    var size = before !== 0 ? jf.fixed(Math.abs(difference / before) * 100, Math.abs(difference / before) < 0.1 ? 1 : 0) + ' %'
                            : jf.number(Math.abs(difference), jf.pattern(frame, frame.data.names.y[0]));
    var colour = difference === 0 || spec.better === 'none' ? theme.muted : up === (spec.better === 'up') ? theme.good : theme.bad;
    return {text: difference === 0 ? 'unchanged' : (up ? '\u25b2 ' : '\u25bc ') + size, colour: colour,
            against: frame.data.before ? 'vs ' + frame.data.before : 'vs the one before'};
  }

  function sparkline(frame, values, top, colour) {
    var numbers = values.filter(isNumber), low = Math.min.apply(null, numbers), high = Math.max.apply(null, numbers);
    return {
      grid: {left: frame.left, right: frame.env.width - frame.right + 4, top: top, bottom: frame.env.height - frame.bottom + 3, containLabel: false, outerBoundsMode: 'none'},
      xAxis: {type: 'category', show: false, boundaryGap: false, data: values.map(function (v, i) { return '' + i; })},
      yAxis: {type: 'value', show: false, min: low === high ? low - 1 : low, max: low === high ? high + 1 : high},
      series: [{
        type: 'line', silent: true, showAllSymbol: true, symbol: 'circle', symbolSize: 6, lineStyle: {width: 2, color: colour},
        itemStyle: {color: colour}, areaStyle: {color: colour, opacity: 0.12, origin: 'start'},
        data: values.map(function (v, i) { return {value: isNumber(v) ? v : '-', symbol: i === values.length - 1 ? 'circle' : 'none'}; })
      }]
    };
  }

  jf.bigNumber = function (chart, env) {
    var frame = jf.frame(chart, env), values = frame.data.values, theme = frame.theme;
    var now = values.length > 0 ? values[values.length - 1] : null;
    if (!isNumber(now)) { return jf.noData(frame); }
    jf.addNote(frame);
    var text = jf.number(now, jf.pattern(frame, frame.data.names.y[0])), room = frame.right - frame.left;
    var height = frame.bottom - frame.top, trend = values.filter(isNumber).length > 2 && height >= 90;
    var size = Math.max(18, Math.min(72, Math.floor(height * (trend ? 0.3 : 0.42))));
    while (size > 14 && frame.measure(text, jf.font(size, true)) > room) { size--; }
    text = jf.cut(text, jf.font(size, true), room, frame.measure);
    var y = frame.top + (trend ? 0 : Math.max(0, (height - size * 1.2 - 20) / 2));
    frame.texts.push(jf.label(text, frame.left - 1, y, jf.font(size, true), theme.title));
    y += Math.round(size * 1.25);
    var before = values.length > 1 ? values[values.length - 2] : null;
    if (isNumber(before) && y + 16 <= frame.bottom) {
      var delta = change(frame, now, before), font = jf.font(13, true);
      frame.texts.push(jf.label(delta.text, frame.left, y, font, delta.colour));
      var at = frame.left + frame.measure(delta.text, font) + 8;
      frame.texts.push(jf.label(jf.cut(delta.against, jf.font(12), frame.right - at, frame.measure), at, y + 1, jf.font(12), theme.muted));
      y += 20;
    }
    var more = {legend: {show: false}, series: []};
    if (trend && frame.bottom - y > 30) { more = Object.assign(more, sparkline(frame, values, y + 10, theme.palette[0])); }
    return jf.base(frame, more);
  };
})(JackfieldChart);
