// Axes whose labels are decided here, not guessed: every tick's text and width is known before the plot is placed.
(function (jf) {
  'use strict';

  var SIZE = 11, LINE = 14;

  function axisStyle(theme) {
    return {color: theme.text, fontSize: SIZE, fontFamily: jf.FAMILY, lineHeight: LINE, hideOverlap: false};
  }

  /** Writes the name of the upright axis above the plot, where it reads without turning the head. */
  jf.addYName = function (frame, name) {
    if (!name) { frame.top += 6; return; }
    var text = jf.cut(jf.oneLine(name), jf.font(SIZE), frame.right - frame.left, frame.measure);
    frame.texts.push(jf.label(text, frame.left, frame.top, jf.font(SIZE), frame.theme.muted));
    frame.top += 25;
  };

  /** Writes the name of the lying axis under the plot. */
  jf.addXName = function (frame, name) {
    if (!name) { return; }
    var text = jf.cut(jf.oneLine(name), jf.font(SIZE), frame.right - frame.left, frame.measure);
    frame.bottom -= 13;
    frame.texts.push(jf.label(text, (frame.left + frame.right) / 2, frame.bottom, jf.font(SIZE), frame.theme.muted, 'center'));
    frame.bottom -= 5;
  };

  /** An axis of numbers or powers of ten. `text` writes a tick. */
  jf.valueAxis = function (frame, scale, text, lines) {
    var theme = frame.theme;
    return {
      type: scale.type, min: scale.min, max: scale.max,
      axisLine: {show: !lines, lineStyle: {color: theme.axis}},
      axisTick: {show: !lines, customValues: scale.ticks, lineStyle: {color: theme.axis}, length: 4},
      axisLabel: Object.assign(axisStyle(theme), {margin: 8, formatter: text, customValues: scale.ticks,
                                                  showMinLabel: true, showMaxLabel: true}),
      splitLine: {show: lines, lineStyle: {color: theme.line}},
      interval: scale.type === 'log' ? scale.step : scale.step
    };
  };

  /** An axis of times over [low, high]; fills `frame` margins by itself: needs left and right to be final. */
  jf.timeAxis = function (frame, low, high, pattern) {
    var font = jf.font(SIZE), width = frame.right - frame.left;
    var flat = high <= low;
    if (flat) { low -= 43200000; high += 43200000; }
    var scale = jf.timeScale(low, high, Math.max(2, Math.floor(width / 76)));
    if (flat) { scale = {ticks: [(low + high) / 2], main: 'd MMM', context: 'yyyy'}; }
    scale.ticks = scale.ticks.filter(function (tick) { // a label that would leave the picture
      var half = frame.measure(pattern ? jf.time(tick, pattern) : jf.time(tick, scale.context || scale.main), font) / 2;
      var at = frame.left + (tick - low) / (high - low) * width;
      return at - half >= 2 && at + half <= frame.env.width - 2;
    });
    var labels = pattern ? scale.ticks.map(function (tick) { return jf.time(tick, pattern); }) : jf.timeLabels(scale);
    var byTick = {};
    scale.ticks.forEach(function (tick, i) { byTick[tick] = labels[i]; });
    frame.bottom -= labels.some(function (label) { return label.indexOf('\n') >= 0; }) ? 8 + 2 * LINE : 8 + LINE;
    return {
      type: 'time', min: low, max: high,
      axisLine: {lineStyle: {color: frame.theme.axis}, onZero: false},
      axisTick: {customValues: scale.ticks, lineStyle: {color: frame.theme.axis}, length: 4},
      axisLabel: Object.assign(axisStyle(frame.theme), {margin: 8, customValues: scale.ticks, showMinLabel: true, showMaxLabel: true,
                                                        formatter: function (value) { return byTick[value] || ''; }}),
      splitLine: {show: false}
    };
  };

  // How category labels stand under the axis: flat, on lines, turned, or every n-th of them.
  function arrange(frame, labels, skippable) {
    var font = jf.font(SIZE), measure = frame.measure;
    var slot = (frame.right - frame.left) / labels.length;
    var widest = jf.widest(labels, font, measure);
    if (widest <= slot - 6) { return {texts: labels, height: LINE}; }
    skippable = skippable || labels.every(function (label) { return /^\d+$/.test(label); }); // the reader counts on
    var lines = frame.env.height >= 400 ? 3 : 2;
    if (!skippable && slot >= 44) {
      var wrapped = labels.map(function (label) { return jf.wrap(label, font, slot - 8, lines, measure); });
      var whole = wrapped.every(function (rows) { return rows.join('').indexOf('\u2026') < 0; });
      if (whole || slot >= 96) {
        var most = Math.max.apply(null, wrapped.map(function (rows) { return rows.length; }));
        return {texts: wrapped.map(function (rows) { return rows.join('\n'); }), height: most * LINE};
      }
    }
    if (skippable) {
      return {texts: labels, height: LINE, every: Math.ceil((widest + 14) / slot)};
    }
    var room = Math.min(130, (frame.env.height - frame.top) * (frame.env.height < 300 ? 0.3 : 0.38));
    var cut = jf.cutAll(labels, font, function (i) { // the first ones must not leave the picture on the left
      return Math.max(24, Math.min(room, (frame.left + slot * (i + 0.5) - 8) * 1.414));
    }, measure);
    return {texts: cut, rotate: 45, every: Math.max(1, Math.ceil(20 / slot)),
            height: Math.ceil((jf.widest(cut, font, measure) + 12) * 0.7072)};
  }

  /** An axis of names along the bottom. skippable: times and numbers, of which every n-th will do. */
  jf.categoryAxis = function (frame, labels, skippable) {
    var how = arrange(frame, labels.map(jf.oneLine), skippable);
    var every = how.every || 1;
    frame.bottom -= how.height + 8;
    return {
      type: 'category', data: labels,
      axisLine: {lineStyle: {color: frame.theme.axis}},
      axisTick: {show: false},
      axisLabel: Object.assign(axisStyle(frame.theme), {
        margin: 8, rotate: how.rotate || 0, interval: function (index) { return index % every === 0; },
        formatter: function (value, index) { return how.texts[index]; }
      }),
      splitLine: {show: false}
    };
  };

  /** An axis of names down the left side; takes its room from frame.left. */
  jf.categoryAxisUpright = function (frame, labels) {
    var font = jf.font(SIZE), slot = (frame.bottom - frame.top) / Math.max(1, labels.length);
    var room = Math.min(220, (frame.right - frame.left) * 0.36);
    var lines = slot >= 2 * LINE + 4 ? 2 : 1;
    var texts = labels.map(function (label) { return jf.wrap(label, font, room, lines, frame.measure).join('\n'); });
    var every = Math.max(1, Math.ceil(13 / slot));
    var widest = jf.widest([].concat.apply([], texts.map(function (text) { return text.split('\n'); })), font, frame.measure);
    frame.left += Math.ceil(widest) + 8;
    return {
      type: 'category', data: labels, inverse: true,
      axisLine: {lineStyle: {color: frame.theme.axis}}, axisTick: {show: false},
      axisLabel: Object.assign(axisStyle(frame.theme), {
        margin: 8, interval: function (index) { return index % every === 0; },
        formatter: function (value, index) { return texts[index]; }
      }),
      splitLine: {show: false}
    };
  };

  /** Labels of categories that may be times or numbers. */
  jf.categoryTexts = function (frame) {
    var data = frame.data, pattern = jf.pattern(frame, data.names.x);
    if (data.x_kind === 'time') {
      var times = data.categories.filter(function (c) { return typeof c === 'number'; });
      var form = pattern || timePattern(times, data.date_only);
      return data.categories.map(function (c) { return typeof c === 'number' ? jf.time(c, form) : c; });
    }
    return data.categories.map(function (c) { return typeof c === 'number' ? (pattern ? jf.number(c, pattern) : ordinal(c)) : c; });
  };

  // Years and other whole numbers used as names: no thousands separator below 10,000.
  function ordinal(value) {
    return Math.round(value) === value && Math.abs(value) < 10000 ? '' + value : jf.plain(value);
  }

  function timePattern(times, dateOnly) {
    var all = function (unit) { return times.every(function (t) { return t % unit === 0; }); };
    var years = times.length > 1 && jf.time(times[0], 'yyyy') !== jf.time(times[times.length - 1], 'yyyy');
    if (dateOnly || all(86400000)) {
      if (times.length > 1 && times.every(function (t) { return jf.time(t, 'd') === '1'; })) {
        return times.every(function (t) { return jf.time(t, 'MM') === '01'; }) ? 'yyyy' : 'MMM yyyy';
      }
      return years ? 'd MMM yyyy' : 'd MMM';
    }
    return times.length > 1 && times[times.length - 1] - times[0] < 86400000 ? 'HH:mm' : 'd MMM HH:mm';
  }

  /** Sets the plot's rectangle to what is left of the frame. */
  jf.grid = function (frame) {
    return {left: frame.left, top: frame.top, width: Math.max(10, frame.right - frame.left),
            height: Math.max(10, frame.bottom - frame.top), containLabel: false, outerBoundsMode: 'none'};
  };

  /** Room for upright tick labels on the left; call it when the height of the plot is nearly known. */
  jf.takeLeft = function (frame, scale, text) {
    frame.left += Math.ceil(jf.widest(scale.ticks.map(text), jf.font(SIZE), frame.measure)) + 8;
  };

  jf.stepsFor = function (pixels, each) { return Math.max(3, Math.min(8, Math.floor(pixels / each))); };
})(JackfieldChart);
