// What stands around every chart: title, subtitle, legend, note; and how much room is left.
(function (jf) {
  'use strict';

  var LEGEND_FONT = 12, LEGEND_GAP = 14, LEGEND_ICON = 10;

  /** A drawing in the making: its ground, texts so far, and the free room between top, right, bottom and left. */
  jf.frame = function (chart, env) {
    var spec = chart.spec, theme = jf.theme(spec.theme);
    var small = env.width < 480;
    var pad = small ? 14 : 20;
    var frame = {
      spec: spec, data: chart.data, theme: theme, env: env, small: small, pad: pad, measure: env.measure,
      left: pad, right: env.width - pad, top: pad, bottom: env.height - pad, texts: [], remarks: chart.data.remarks.slice()
    };
    var room = env.width - 2 * pad;
    addBlock(frame, spec.title, small ? 14 : 16, true, theme.title, env.height < 180 ? 1 : 2, room);
    addBlock(frame, spec.subtitle, small ? 11 : 12, false, theme.muted, env.height < 300 ? 1 : 2, room);
    if (frame.top > pad) { frame.top += small ? 4 : 8; }
    return frame;
  };

  function addBlock(frame, text, size, bold, fill, most, room) {
    if (!text) { return; }
    jf.wrap(text, jf.font(size, bold), room, most, frame.measure).forEach(function (line) {
      frame.texts.push(jf.label(line, frame.pad, frame.top, jf.font(size, bold), fill));
      frame.top += Math.round(size * 1.3);
    });
    frame.top += 2;
  }

  /** Takes room at the bottom for the note and for what had to be left out. Call it before the plot is laid out. */
  jf.addNote = function (frame) {
    var text = (frame.spec.note ? [frame.spec.note] : []).concat(frame.remarks).join(' \u00b7 ');
    if (!text) { return; }
    var font = jf.font(11);
    var lines = jf.wrap(text, font, frame.env.width - 2 * frame.pad, frame.small ? 1 : 2, frame.measure);
    frame.bottom -= lines.length * 15 - 3;
    lines.forEach(function (line, i) {
      frame.texts.push(jf.label(line, frame.pad, frame.bottom + i * 15, font, frame.theme.muted));
    });
    frame.bottom -= 9;
  };

  // The same wrapping as ECharts does, to know how many rows a legend takes.
  function legendRows(widths, room) {
    var rows = 1, x = 0;
    widths.forEach(function (width) {
      if (x > 0 && x + width > room) { rows++; x = 0; }
      x += width + LEGEND_GAP;
    });
    return rows;
  }

  /** A legend above the plot for items [{name, colour, icon}]; returns the legend option. Nothing for one item. */
  jf.addLegend = function (frame, items) {
    if (items.length < 2) { return {show: false}; }
    var font = jf.font(LEGEND_FONT), room = frame.right - frame.left;
    var most = Math.max(1, Math.min(4, Math.floor((frame.bottom - frame.top) * 0.28 / (LEGEND_ICON + LEGEND_GAP))));
    var texts, rows, shown = items.length;
    var limits = [240, 160, 110, 80];
    var names = items.map(function (item) { return oneLine(item.name); }), i;
    var limit = function () { return Math.min(limits[i], room - 20); };
    for (i = 0; i < limits.length; i++) { // shorter names before fewer names
      texts = jf.cutAll(names, font, limit, frame.measure);
      rows = legendRows(widthsOf(texts, font, frame.measure), room);
      if (rows <= most) { break; }
    }
    while (rows > most && shown > 1) {
      shown--;
      rows = legendRows(widthsOf(texts.slice(0, shown), font, frame.measure), room);
    }
    if (shown < items.length) { frame.remarks.push('legend: ' + shown + ' of ' + items.length + ' series'); }
    var top = frame.top;
    frame.top += rows * 14 + (rows - 1) * LEGEND_GAP + 10;
    return {
      type: 'plain', left: frame.left, top: top, width: room + 6, padding: 0, itemGap: LEGEND_GAP, itemWidth: LEGEND_ICON,
      itemHeight: LEGEND_ICON, selectedMode: frame.env.interactive,
      inactiveColor: frame.theme.muted, borderColor: frame.theme.ground,
      textStyle: {color: frame.theme.text, fontSize: LEGEND_FONT, fontFamily: jf.FAMILY, lineHeight: 14},
      data: items.slice(0, shown).map(function (item) { return {name: item.name, icon: item.icon || 'roundRect', itemStyle: {color: item.colour}}; }),
      formatter: function (name) {
        for (var k = 0; k < items.length; k++) { if (items[k].name === name) { return texts[k]; } }
        return name;
      }
    };
  };

  function widthsOf(texts, font, measure) {
    return texts.map(function (text) { return measure(text, font) + LEGEND_ICON + 5; });
  }

  function oneLine(text) { return text.replace(/\s+/g, ' '); }
  jf.oneLine = oneLine;

  /** The option that all kinds share; `more` is laid over it. */
  jf.base = function (frame, more) {
    var option = {
      backgroundColor: frame.theme.ground, animation: false, useUTC: true,
      textStyle: {fontFamily: jf.FAMILY, fontSize: 12, color: frame.theme.text},
      graphic: {elements: frame.texts},
      aria: {enabled: false}
    };
    Object.keys(more).forEach(function (key) { option[key] = more[key]; });
    return option;
  };

  jf.noData = function (frame) {
    jf.addNote(frame);
    frame.texts.push({type: 'text', silent: true, x: frame.env.width / 2, y: (frame.top + frame.bottom) / 2,
                      style: {text: 'No data', font: jf.font(frame.small ? 13 : 15), fill: frame.theme.muted, align: 'center', verticalAlign: 'middle'}});
    return jf.base(frame, {series: []});
  };

  jf.tooltip = function (frame, more) {
    var out = {
      confine: true, backgroundColor: frame.theme.ground, borderColor: frame.theme.line, borderWidth: 1, padding: [8, 12],
      textStyle: {color: frame.theme.text, fontSize: 12, fontFamily: jf.FAMILY}, extraCssText: 'max-width:360px;white-space:normal'
    };
    Object.keys(more).forEach(function (key) { out[key] = more[key]; });
    return frame.env.interactive ? out : undefined;
  };

  /** The pattern that the specification gives for a column, if any. */
  jf.pattern = function (frame, column) { return (frame.spec.format || {})[column]; };
})(JackfieldChart);
