/** The command line of the measurements. */
@NullMarked
package dev.culvert.bench;

import org.jspecify.annotations.NullMarked;
