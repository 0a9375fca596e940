select word from {{ ref('bridge_a') }} where word = 'three'
