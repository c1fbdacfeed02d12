// Round ends and ticks for axes of numbers, powers of ten and times.
(function (jf) {
  'use strict';

  function roundStep(raw) {
    var power = Math.pow(10, Math.floor(Math.log(raw) / Math.LN10));
    var share = raw / power;
    return (share <= 1.0000001 ? 1 : share <= 2.0000001 ? 2 : share <= 2.5000001 ? 2.5 : share <= 5.0000001 ? 5 : 10) * power;
  }

  jf.decimalsOf = function (step) {
    for (var places = 0; places < 12; places++) {
      if (Math.abs(Math.round(step * Math.pow(10, places)) / Math.pow(10, places) - step) < step * 1e-6) { return places; }
    }
    return 12;
  };

  /**
   * A scale over [low, high] with about `count` steps. zero: 'yes' includes 0, 'near' includes it if it is close,
   * 'no' leaves it. fixedLow, fixedHigh: ends that the specification sets. leastStep: 1 for things that are counted.
   */
  jf.niceScale = function (low, high, count, zero, fixedLow, fixedHigh, leastStep) {
    if (zero === 'yes' || (zero === 'near' && low > 0 && low < high * 0.3)) { low = Math.min(low, 0); }
    if (zero === 'yes' || (zero === 'near' && high < 0 && high > low * 0.3)) { high = Math.max(high, 0); }
    if (fixedLow !== undefined) { low = fixedLow; }
    if (fixedHigh !== undefined) { high = fixedHigh; }
    if (!(high > low)) {
      var half = Math.abs(low) > 0 ? Math.abs(low) / 2 : 0.5;
      if (fixedHigh === undefined) { high = Math.max(low, high) + half; }
      if (fixedLow === undefined && low !== 0) { low -= half; }
      if (!(high > low)) { high = low + 1; }
    }
    var step = Math.max(leastStep || 0, roundStep((high - low) / Math.max(1, count)));
    var min = fixedLow !== undefined ? fixedLow : Math.floor(low / step + 1e-9) * step;
    var max = fixedHigh !== undefined ? fixedHigh : Math.ceil(high / step - 1e-9) * step;
    var ticks = [];
    for (var k = Math.ceil(min / step - 1e-9); k <= Math.floor(max / step + 1e-9); k++) { ticks.push(+(k * step).toPrecision(12)); }
    return {type: 'value', min: +min.toPrecision(12), max: +max.toPrecision(12), step: step, ticks: ticks};
  };

  /** Whole powers of ten around [low, high], both above 0. */
  jf.logScale = function (low, high, count) {
    var from = Math.floor(Math.log(low) / Math.LN10 + 1e-9);
    var to = Math.max(from + 1, Math.ceil(Math.log(high) / Math.LN10 - 1e-9));
    var stride = Math.max(1, Math.ceil((to - from) / Math.max(2, count)));
    var ticks = [];
    for (var e = from; e <= to; e += stride) { ticks.push(Math.pow(10, e)); }
    return {type: 'log', min: Math.pow(10, from), max: Math.pow(10, to), step: stride, ticks: ticks};
  };

  /** One way of writing for all ticks of a scale, so that 0.5, 1.0, 1.5 stand in line. */
  jf.tickText = function (scale, pattern) {
    if (pattern) { return function (value) { return jf.number(value, pattern); }; }
    var largest = Math.max(Math.abs(scale.min), Math.abs(scale.max));
    if (scale.type === 'log') { return function (value) { return jf.compact(value); }; }
    if (largest >= 1e15 || largest < 1e-4) { return function (value) { return value === 0 ? '0' : jf.plain(value); }; }
    if (largest >= 10000) {
      var power = largest >= 1e12 ? 1e12 : largest >= 1e9 ? 1e9 : largest >= 1e6 ? 1e6 : 1e3;
      var unit = {1e12: 'T', 1e9: 'G', 1e6: 'M', 1e3: 'k'}[power];
      var places = jf.decimalsOf(scale.step / power);
      if (places <= 2) {
        return function (value) { return value === 0 ? '0' : jf.fixed(value / power, places) + unit; };
      }
    }
    var decimals = jf.decimalsOf(scale.step);
    return function (value) { return jf.fixed(value, decimals); };
  };

  var SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE, DAY = 24 * HOUR;
  var STEPS = [[1, SECOND], [5, SECOND], [15, SECOND], [30, SECOND], [1, MINUTE], [5, MINUTE], [15, MINUTE], [30, MINUTE],
               [1, HOUR], [3, HOUR], [6, HOUR], [12, HOUR], [1, DAY], [2, DAY], [7, DAY], [14, DAY]];

  function monthTicks(low, high, months) {
    var ticks = [], start = new Date(low);
    var index = start.getUTCFullYear() * 12 + start.getUTCMonth();
    for (index = Math.floor(index / months) * months; ; index += months) {
      var at = new Date(0);
      at.setUTCFullYear(Math.floor(index / 12), ((index % 12) + 12) % 12, 1);
      if (+at > high) { return ticks; }
      if (+at >= low) { ticks.push(+at); }
    }
  }

  /** Times between low and high (ms), at most `most`, on whole seconds … years; main and context give their text. */
  jf.timeScale = function (low, high, most) {
    var span = high - low;
    var scale = {ticks: [], main: 'yyyy', context: ''};
    if (span < SECOND * 2) {
      scale.ticks = [low];
      scale.main = 'HH:mm:ss';
      scale.context = 'd MMM yyyy';
      return scale;
    }
    for (var i = 0; i < STEPS.length; i++) {
      var step = STEPS[i][0] * STEPS[i][1];
      if (span / step > most) { continue; }
      var anchor = STEPS[i][1] === DAY && STEPS[i][0] >= 7 ? 4 * DAY : 0; // weeks start on Monday
      for (var t = Math.ceil((low - anchor) / step) * step + anchor; t <= high; t += step) { scale.ticks.push(t); }
      scale.main = step < MINUTE ? 'HH:mm:ss' : step < DAY ? 'HH:mm' : 'd MMM';
      scale.context = step < DAY ? 'd MMM yyyy' : 'yyyy';
      return scale;
    }
    [1, 2, 3, 6].some(function (months) {
      scale.ticks = span / (30.4 * DAY * months) <= most ? monthTicks(low, high, months) : [];
      scale.main = 'MMM';
      scale.context = 'yyyy';
      return scale.ticks.length > 0;
    });
    if (scale.ticks.length === 0) {
      var years = Math.max(1, roundStep(span / (365.25 * DAY) / most));
      scale.ticks = monthTicks(low, high, 12 * Math.ceil(years));
      scale.main = 'yyyy';
      scale.context = '';
    }
    return scale;
  };

  /** The label of each tick; the context stands on a second line where it is new. */
  jf.timeLabels = function (scale) {
    var last = '';
    return scale.ticks.map(function (tick) {
      var context = scale.context ? jf.time(tick, scale.context) : '';
      var text = jf.time(tick, scale.main) + (context !== last ? '\n' + context : '');
      last = context;
      return text;
    });
  };
})(JackfieldChart);
