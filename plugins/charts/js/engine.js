// The engine's side: a chart as SVG text or as an option that is pure JSON.
/* global echarts, JackfieldChart, nativeMeasure */
(function (global) {
  'use strict';
  var jf = JackfieldChart, widths = {};

  // ECharts and our own layout ask for the same texts again and again.
  function measure(text, font) {
    var known = widths[font] || (widths[font] = new Map());
    var width = known.get(text);
    if (width === undefined) {
      if (known.size > 20000) { known.clear(); }
      width = nativeMeasure(text, font);
      known.set(text, width);
    }
    return width;
  }

  echarts.setPlatformAPI({measureText: function (text, font) { return {width: measure(text, font)}; }});

  function escape(text) {
    return text.replace(/[&<>"']/g, function (c) { return '&#' + c.charCodeAt(0) + ';'; });
  }

  // ECharts numbers the ids of clip paths and gradients through the life of the process. The same chart must give
  // the same bytes, and two charts in one document must not share ids: they are named after the chart's content.
  function nameIds(svg, key) {
    var hash = 2166136261;
    for (var i = 0; i < key.length; i++) { hash = Math.imul(hash ^ key.charCodeAt(i), 16777619); }
    var prefix = 'jf' + (hash >>> 0).toString(36), names = {}, count = 0;
    return svg.replace(/(id="|url\(#|href="#|class="|\.)(zr\d+-[\w-]+)/g, function (all, before, id) {
      return before + (names[id] || (names[id] = prefix + '-' + count++));
    });
  }

  // Invisible shapes that catch the mouse; nobody listens in a picture.
  function withoutTraps(svg) {
    return svg.replace(/<path [^>]*fill="none" pointer-events="visible"><\/path>\n?/g, '').replace(/ pointer-events="visible"/g, '');
  }

  // "central" means different heights to different viewers; 0.36 em below the middle puts capitals and figures there.
  function onBaseline(svg) {
    return svg.replace(/<text dominant-baseline="central"/g, '<text dy="0.36em"');
  }

  global.renderSvg = function (chart) {
    var spec = chart.spec, env = {width: spec.width, height: spec.height, measure: measure, interactive: false};
    var drawing = echarts.init(null, null, {renderer: 'svg', ssr: true, width: spec.width, height: spec.height});
    try {
      drawing.setOption(jf.option(chart, env));
      var svg = drawing.getZr().painter.renderToString({useViewBox: true, cssEmphasis: false, cssAnimation: false});
      return onBaseline(withoutTraps(nameIds(svg, JSON.stringify(spec)))).replace('<svg ', '<svg role="img" aria-label="' + escape(jf.describe(chart)) + '" ');
    } finally {
      drawing.dispose();
    }
  };

  global.renderOption = function (chart) {
    var spec = chart.spec, env = {width: spec.width, height: spec.height, measure: measure, interactive: true};
    return JSON.stringify(jf.option(chart, env)).replace(/[<>&]/g, function (c) { return '\\u00' + c.charCodeAt(0).toString(16); });
  };

  global.measureTexts = function (pairs) {
    return JSON.stringify(pairs.map(function (pair) { return measure(pair[1], pair[0]); }));
  };
})(this);
