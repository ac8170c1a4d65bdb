'use strict';

exports.suppress = false;
