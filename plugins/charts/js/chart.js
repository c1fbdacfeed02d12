// The one way in: {spec, data} → ECharts option.
(function (jf) {
  'use strict';

  var KINDS = {
    line: jf.lines, area: jf.lines, scatter: jf.lines, bar: jf.bars, stacked_bar: jf.bars, histogram: jf.histogram,
    boxplot: jf.boxplot, pie: jf.pie, heatmap: jf.heatmap, number: jf.bigNumber, table: jf.table
  };

  /**
   * chart: {spec, data} as shape() of the plugin wrote it. env: {width, height, measure(text, font) → px,
   * interactive}. Returns an ECharts option; needs no browser.
   */
  jf.option = function (chart, env) {
    return KINDS[chart.spec.kind](chart, env);
  };

  /** A sentence for those who cannot see the picture. */
  jf.describe = function (chart) {
    var spec = chart.spec;
    if (spec.description) { return spec.description; }
    var kind = {stacked_bar: 'stacked bar', boxplot: 'box plot', heatmap: 'heat map', number: 'big number'}[spec.kind] || spec.kind;
    return (spec.title ? spec.title + ': ' : '') + kind + (spec.kind === 'table' ? '' : ' chart') + ' of ' + jf.fixed(chart.data.rows, 0) + ' rows';
  };
})(JackfieldChart);
