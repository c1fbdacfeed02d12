// Box plots: quartiles, whiskers within 1.5 boxes, and what lies beyond.
(function (jf) {
  'use strict';

  jf.boxplot = function (chart, env) {
    var frame = jf.frame(chart, env), spec = frame.spec, data = frame.data, low = Infinity, high = -Infinity;
    data.groups.forEach(function (group) {
      (group.box || []).concat(group.outliers).forEach(function (value) {
        if (spec.log && value <= 0) { return; }
        low = Math.min(low, value);
        high = Math.max(high, value);
      });
    });
    if (low > high) { return jf.noData(frame); }
    jf.addNote(frame);
    jf.addXName(frame, spec.x_title || '');
    jf.addYName(frame, jf.yTitle(frame));
    var scale = jf.yScale(frame, [low, high], 'near'), pattern = jf.pattern(frame, data.names.y[0]);
    var text = jf.tickText(scale, pattern), colour = frame.theme.palette[0];
    jf.takeLeft(frame, scale, text);
    var names = data.groups.map(function (group) { return group.name; });
    var x = jf.categoryAxis(frame, names, false), outliers = [];
    data.groups.forEach(function (group, i) { group.outliers.forEach(function (value) { outliers.push([i, value]); }); });
    return jf.base(frame, {
      legend: {show: false}, grid: jf.grid(frame), xAxis: x, yAxis: jf.valueAxis(frame, scale, text, true),
      tooltip: jf.tooltip(frame, {trigger: 'item'}),
      series: [
        {type: 'boxplot', name: data.names.y[0], boxWidth: [5, 46], itemStyle: {color: jf.between([frame.theme.ground, colour], 0.2), borderColor: colour, borderWidth: 1.5},
         data: data.groups.map(function (group) { return group.box || ['-', '-', '-', '-', '-']; })},
        {type: 'scatter', name: 'outliers', symbolSize: outliers.length > 200 ? 3.5 : 5, itemStyle: {color: colour, opacity: outliers.length > 200 ? 0.5 : 0.75}, data: outliers}
      ]
    });
  };
})(JackfieldChart);
