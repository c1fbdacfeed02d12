// Lines, areas and scatter plots.
(function (jf) {
  'use strict';

  function isNumber(value) { return typeof value === 'number'; }

  function extent(frame, at) {
    var low = Infinity, high = -Infinity;
    frame.data.series.forEach(function (series) {
      series.points.forEach(function (point) {
        if (isNumber(point[at]) && isNumber(point[1])) { low = Math.min(low, point[at]); high = Math.max(high, point[at]); }
      });
    });
    return low <= high ? [low, high] : null;
  }

  // Where areas stand on each other the axis must hold their sum.
  function stackedExtent(frame) {
    var sums = {}, low = 0, high = 0;
    frame.data.series.forEach(function (series) {
      series.points.forEach(function (point) {
        var sum = sums[point[0]] || (sums[point[0]] = [0, 0]);
        sum[point[1] < 0 ? 0 : 1] += point[1] || 0;
        low = Math.min(low, sum[0]);
        high = Math.max(high, sum[1]);
      });
    });
    return [low, high];
  }

  /** A logarithm has no place for 0 and below: those become gaps, and the note says so. */
  jf.dropUnlogged = function (frame) {
    var dropped = 0;
    frame.data.series.forEach(function (series) {
      (series.points || []).forEach(function (point) { if (isNumber(point[1]) && point[1] <= 0) { point[1] = null; dropped++; } });
      (series.values || []).forEach(function (value, i) { if (isNumber(value) && value <= 0) { series.values[i] = null; dropped++; } });
    });
    if (dropped > 0) { frame.remarks.push(dropped + (dropped === 1 ? ' value' : ' values') + ' of 0 or below not on the logarithmic axis'); }
  };

  /** The name of the upright axis: as given, or that of the only column. */
  jf.yTitle = function (frame) {
    if (frame.spec.y_title !== undefined) { return frame.spec.y_title; }
    return frame.data.names.y.length === 1 ? frame.data.names.y[0] : '';
  };

  jf.yScale = function (frame, range, zero, leastStep) {
    var spec = frame.spec, steps = jf.stepsFor(frame.bottom - frame.top - 30, 42);
    if (spec.log) { return jf.logScale(range[0], range[1], steps * 2); }
    var how = spec.zero === undefined ? zero : spec.zero ? 'yes' : 'no';
    return jf.niceScale(range[0], range[1], steps, how, spec.y_min, spec.y_max, leastStep);
  };

  function lineSeries(frame, series, index, plotWidth) {
    var spec = frame.spec, colour = jf.colour(frame.theme, index, series.name), area = spec.kind === 'area';
    var points = series.points, drawn = points.filter(function (p) { return isNumber(p[1]); }).length;
    var dots = drawn > 0 && drawn <= plotWidth / 28 && !spec.stack;
    var out = {
      type: 'line', name: series.name, z: 3 + (frame.data.series.length - index) / 100,
      lineStyle: {width: frame.data.series.length > 6 ? 1.5 : 2, color: colour, join: 'round', cap: 'round'}, itemStyle: {color: colour},
      symbol: 'circle', symbolSize: drawn === 1 ? 9 : 5, showAllSymbol: true, showSymbol: true, connectNulls: false, emphasis: {focus: 'series'},
      data: points.map(function (point, i) {
        var alone = isNumber(point[1]) && !(i > 0 && isNumber(points[i - 1][1])) && !(i + 1 < points.length && isNumber(points[i + 1][1]));
        var value = [point[0], isNumber(point[1]) ? point[1] : '-'];
        return dots || alone ? value : {value: value, symbol: 'none'};
      })
    };
    if (!dots && out.data.every(function (item) { return item.symbol === 'none'; })) { // most lines: less to draw
      out.showSymbol = false;
      out.data = out.data.map(function (item) { return item.value; });
    }
    if (area) {
      out.areaStyle = {color: colour, opacity: spec.stack ? 0.82 : frame.data.series.length > 3 ? 0.05 : frame.data.series.length > 1 ? 0.14 : 0.2, origin: spec.log ? 'start' : 'auto'};
      if (spec.stack) {
        out.stack = 'all';
        out.lineStyle = {width: 1, color: frame.theme.ground};
      }
    }
    return out;
  }

  var SHAPES = ['circle', 'triangle', 'rect', 'diamond'];

  function cloudSeries(frame, series, index, total) {
    var count = frame.data.series.length, colour = jf.colour(frame.theme, index, series.name);
    var size = total > 2000 ? 2.5 : total > 400 ? 5 : 8;
    return {
      type: 'scatter', name: series.name, symbol: total > 2000 || count > 4 ? 'circle' : SHAPES[index],
      symbolSize: size, large: total > 2000, largeThreshold: 2000,
      itemStyle: {color: colour, opacity: total > 400 ? 0.8 : 0.85, borderColor: frame.theme.ground, borderWidth: size > 5 ? 0.5 : 0},
      data: series.points.filter(function (p) { return isNumber(p[0]) && isNumber(p[1]); })
    };
  }

  function xAxis(frame, range) {
    var data = frame.data, pattern = jf.pattern(frame, data.names.x);
    if (data.x_kind === 'category') {
      var axis = jf.categoryAxis(frame, data.categories, false);
      axis.boundaryGap = true;
      return axis;
    }
    if (data.x_kind === 'time') { return jf.timeAxis(frame, range[0], range[1], pattern); }
    var width = frame.right - frame.left, cloud = frame.spec.kind === 'scatter';
    var scale = jf.niceScale(range[0], range[1], jf.stepsFor(width, 80), cloud ? 'near' : 'no');
    if (!cloud && range[1] > range[0]) { // a line goes from edge to edge
      scale.min = range[0];
      scale.max = range[1];
      scale.ticks = scale.ticks.filter(function (tick) { return tick >= range[0] && tick <= range[1]; });
    }
    var write = data.names.x === '' ? jf.tickText(scale) : pattern ? jf.tickText(scale, pattern) : yearText(scale) || jf.tickText(scale);
    var last = scale.ticks[scale.ticks.length - 1];
    var over = frame.measure(write(last), jf.font(11)) / 2 - (scale.max - last) / (scale.max - scale.min) * width;
    frame.right -= Math.max(0, Math.ceil(over) - frame.pad + 4);
    frame.bottom -= 22;
    return jf.valueAxis(frame, scale, write, false);
  }

  // 1990, 2000, 2010 are years to the reader: no thousands separator.
  function yearText(scale) {
    return scale.min >= 1500 && scale.max <= 2200 && scale.step >= 1 ? function (value) { return '' + Math.round(value); } : null;
  }

  jf.lines = function (chart, env) {
    var frame = jf.frame(chart, env), spec = frame.spec, data = frame.data;
    if (spec.log) { jf.dropUnlogged(frame); }
    var y = extent(frame, 1), x = extent(frame, 0);
    if (!y) { return jf.noData(frame); }
    if (spec.stack && spec.kind === 'area') { y = stackedExtent(frame); }
    var legend = jf.addLegend(frame, data.series.map(function (series, i) {
      var shape = spec.kind === 'scatter' && data.series.length <= 4 ? SHAPES[i] : undefined;
      return {name: series.name, colour: jf.colour(frame.theme, i, series.name), icon: shape};
    }));
    jf.addNote(frame);
    var xName = spec.x_title !== undefined ? spec.x_title : data.x_kind === 'number' && data.names.x ? data.names.x : '';
    jf.addXName(frame, xName);
    jf.addYName(frame, jf.yTitle(frame));
    var scale = jf.yScale(frame, y, spec.kind === 'area' ? 'yes' : 'near');
    var text = jf.tickText(scale, jf.pattern(frame, data.names.y[0]));
    jf.takeLeft(frame, scale, text);
    var xOption = xAxis(frame, x);
    var total = data.series.reduce(function (sum, series) { return sum + series.points.length; }, 0);
    return jf.base(frame, {
      legend: legend, grid: jf.grid(frame), xAxis: xOption, yAxis: jf.valueAxis(frame, scale, text, true),
      tooltip: jf.tooltip(frame, {trigger: spec.kind === 'scatter' ? 'item' : 'axis',
                                  valueFormatter: function (value) { return Array.isArray(value) ? value.map(jf.plain).join(', ') : jf.number(value === '-' ? null : value, jf.pattern(frame, data.names.y[0])); }}),
      series: data.series.map(function (series, i) {
        return spec.kind === 'scatter' ? cloudSeries(frame, series, i, total) : lineSeries(frame, series, i, frame.right - frame.left);
      })
    });
  };
})(JackfieldChart);
