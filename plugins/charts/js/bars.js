// Bars side by side or stacked, upright or lying; and histograms, which are bars over ranges.
(function (jf) {
  'use strict';

  function isNumber(value) { return typeof value === 'number'; }

  function extent(frame, stacked) {
    var low = Infinity, high = -Infinity, sums = [];
    frame.data.series.forEach(function (series) {
      series.values.forEach(function (value, i) {
        if (!isNumber(value)) { return; }
        var sum = sums[i] || (sums[i] = [0, 0]), side = value < 0 ? 0 : 1;
        sum[side] += value;
        low = Math.min(low, stacked ? sum[side] : value);
        high = Math.max(high, stacked ? sum[side] : value);
      });
    });
    return low <= high ? [low, high] : null;
  }

  function legendOf(frame) {
    return jf.addLegend(frame, frame.data.series.map(function (series, i) {
      return {name: series.name, colour: jf.colour(frame.theme, i, series.name)};
    }));
  }

  // Values at the bars, where the widest of them has room; never half of them.
  function valueLabels(frame, stacked, across, size) {
    var spec = frame.spec, series = frame.data.series, font = jf.font(11);
    var pattern = jf.pattern(frame, frame.data.names.y[0]);
    if (!spec.labels || (stacked && series.length > 1)) { return null; }
    var texts = [];
    series.forEach(function (one) { one.values.forEach(function (v) { if (isNumber(v)) { texts.push(jf.number(v, pattern)); } }); });
    var each = size / frame.data.categories.length / series.length;
    if (across ? each < 15 : jf.widest(texts, font, frame.measure) + 4 > each) { return null; }
    return {show: true, position: across ? 'right' : 'top', distance: 4, color: frame.theme.text, fontSize: 11, fontFamily: jf.FAMILY,
            formatter: function (item) { return isNumber(item.value) ? jf.number(item.value, pattern) : ''; }};
  }

  function barSeries(frame, series, index, stacked, label, across) {
    var colour = jf.colour(frame.theme, index, series.name), radius = stacked ? 0 : 2;
    return {
      type: 'bar', name: series.name, stack: stacked ? 'all' : undefined, barMaxWidth: 72, barGap: '8%',
      barCategoryGap: frame.data.categories.length > 60 ? '12%' : '28%', emphasis: {focus: 'series'},
      itemStyle: {color: colour, borderColor: frame.theme.ground, borderWidth: stacked && frame.data.categories.length < 60 ? 0.75 : 0},
      label: label || {show: false},
      data: series.values.map(function (value) {
        if (!isNumber(value)) { return '-'; }
        var ends = across ? (value < 0 ? [radius, 0, 0, radius] : [0, radius, radius, 0]) : value < 0 ? [0, 0, radius, radius] : [radius, radius, 0, 0];
        var item = {value: value, itemStyle: {borderRadius: ends}};
        if (label && value < 0) { item.label = {position: across ? 'left' : 'bottom'}; }
        return radius === 0 ? value : item;
      })
    };
  }

  // Labels at the bars' ends need air beyond the longest bar.
  function widen(range, share) {
    var size = Math.max(range[1], 0) - Math.min(range[0], 0);
    return [range[0] < 0 ? range[0] - size * share : range[0], range[1] > 0 ? range[1] + size * share : range[1]];
  }

  jf.bars = function (chart, env) {
    var frame = jf.frame(chart, env), spec = frame.spec, data = frame.data, stacked = spec.kind === 'stacked_bar';
    if (spec.log) { jf.dropUnlogged(frame); }
    var range = extent(frame, stacked);
    if (!range) { return jf.noData(frame); }
    var legend = legendOf(frame), labels = jf.categoryTexts(frame), across = spec.horizontal;
    jf.addNote(frame);
    var yName = jf.yTitle(frame), xName = spec.x_title || '';
    jf.addXName(frame, across ? yName : xName);
    jf.addYName(frame, across ? xName : yName);
    return across ? lying(frame, range, labels, legend, stacked) : upright(frame, range, labels, legend, stacked);
  };

  function finish(frame, axes, legend, stacked, label, across) {
    return jf.base(frame, {
      legend: legend, grid: jf.grid(frame), xAxis: axes[0], yAxis: axes[1],
      tooltip: jf.tooltip(frame, {trigger: 'axis', axisPointer: {type: 'shadow'}, valueFormatter: function (value) {
        return jf.number(isNumber(value) ? value : null, jf.pattern(frame, frame.data.names.y[0]));
      }}),
      series: frame.data.series.map(function (series, i) { return barSeries(frame, series, i, stacked, label, across); })
    });
  }

  function upright(frame, range, labels, legend, stacked) {
    var label = valueLabels(frame, stacked, false, frame.right - frame.left - 50);
    var scale = jf.yScale(frame, label && !frame.spec.log ? widen(range, 0.06) : range, 'yes');
    var text = jf.tickText(scale, jf.pattern(frame, frame.data.names.y[0]));
    jf.takeLeft(frame, scale, text);
    var x = jf.categoryAxis(frame, labels, frame.data.x_kind !== 'category');
    return finish(frame, [x, jf.valueAxis(frame, scale, text, true)], legend, stacked, label, false);
  }

  function lying(frame, range, labels, legend, stacked) {
    frame.bottom -= 22;
    var y = jf.categoryAxisUpright(frame, labels);
    var label = valueLabels(frame, stacked, true, frame.bottom - frame.top);
    var spec = frame.spec, steps = jf.stepsFor(frame.right - frame.left, 70);
    if (label && !spec.log) { range = widen(range, 0.14); }
    var scale = spec.log ? jf.logScale(range[0], range[1], steps) : jf.niceScale(range[0], range[1], steps, 'yes', spec.y_min, spec.y_max);
    var text = jf.tickText(scale, jf.pattern(frame, frame.data.names.y[0]));
    frame.right -= Math.max(0, Math.ceil(frame.measure(text(scale.max), jf.font(11)) / 2) - frame.pad + 4);
    var x = jf.valueAxis(frame, scale, text, true);
    return finish(frame, [x, y], legend, stacked, label, true);
  }

  jf.histogram = function (chart, env) {
    var frame = jf.frame(chart, env), spec = frame.spec, data = frame.data;
    data.categories = [];
    for (var i = 0; i < data.bins; i++) { // what the tooltip says of a bar
      data.categories.push(jf.plain(+(data.start + i * data.step).toPrecision(12)) + ' \u2013 ' + jf.plain(+(data.start + (i + 1) * data.step).toPrecision(12)));
    }
    var range = data.bins > 0 ? extent(frame, true) : null;
    if (!range) { return jf.noData(frame); }
    var legend = legendOf(frame), font = jf.font(11);
    jf.addNote(frame);
    jf.addXName(frame, spec.x_title !== undefined ? spec.x_title : data.names.y[0]);
    jf.addYName(frame, spec.y_title !== undefined ? spec.y_title : 'count');
    var scale = jf.yScale(frame, spec.log ? [1, range[1]] : range, 'yes', 1), text = jf.tickText(scale);
    jf.takeLeft(frame, scale, text);
    var pattern = jf.pattern(frame, data.names.y[0]);
    var ends = {type: 'value', min: data.start, max: data.start + data.step * data.bins, step: data.step};
    var write = jf.tickText(ends, pattern), width = frame.right - frame.left;
    var all = [];
    for (i = 0; i <= data.bins; i++) { all.push(+(data.start + i * data.step).toPrecision(12)); }
    var every = Math.max(1, Math.ceil((jf.widest(all.map(write), font, frame.measure) + 14) / (width / data.bins)));
    ends.ticks = all.filter(function (tick) { return Math.round(tick / data.step) % every === 0; });
    frame.right -= Math.max(0, Math.ceil(frame.measure(write(all[all.length - 1]), font) / 2) - frame.pad + 4);
    frame.bottom -= 22;
    var numbers = jf.valueAxis(frame, ends, write, false);
    numbers.position = 'bottom';
    var series = data.series.map(function (one, k) {
      var out = barSeries(frame, one, k, true, null, false);
      out.barMaxWidth = undefined;
      out.barCategoryGap = data.bins > 80 ? '0%' : '4%';
      out.itemStyle.borderWidth = 0;
      return out;
    });
    return jf.base(frame, {
      legend: legend, grid: jf.grid(frame), yAxis: jf.valueAxis(frame, scale, text, true),
      xAxis: [{type: 'category', data: data.categories, show: false}, numbers],
      tooltip: jf.tooltip(frame, {trigger: 'item', formatter: undefined, valueFormatter: function (v) { return jf.plain(v); }}), series: series
    });
  };
})(JackfieldChart);
