/** The form in which measurements are written down. */
@NullMarked
package dev.culvert.bench.report;

import org.jspecify.annotations.NullMarked;
