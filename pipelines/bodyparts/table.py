"""The regions of the body: their names, codes, where they lie, and the words people use.

The names are the defined terms of PS3.16 Annex L; where Annex L has a region without a term
(SINUS, FACIALBONES) or is silent (TIBIA, RADIUS, ULNA), the name is one that modalities send.
"""

from __future__ import annotations

# NAME  SNOMED CT codes  > regions it lies in, or is made up of  : words for it
# Words: English, German, French, Spanish. A star takes any ending of a word.
TABLE = """
ABDOMEN 818981001 818983003 113345001 : abdomen, abdominal*, abdo, abd, bauch, oberbauch, ventre,
  vientre, kub, belly, abdomenleer*, bauchraum
ABDOMENPELVIS 818982008 > ABDOMEN PELVIS : abdomen pelvis, abd pelvis, abdpel
ACJOINT 85856004 > SHOULDER : ac joint, ac gelenk, acg, acromioclavicular*, schultereckgelenk
ADRENAL 23451007 : adrenal*, nebenniere*, surrenale*, suprarrenal*
ANKLE 70258002 > LOWERLIMB : ankle*, sprunggelenk*, osg, knöchel*, cheville*, tobillo*
AORTA 15825003 : aorta*, aortic*, aorte
BILEDUCT 28273000 : bile duct, gallengang*, mrcp
BILIARYTRACT 34707002 : biliary tract, gallenweg*, voies biliaires, vías biliares
BLADDER 89837001 : bladder, harnblase*, vessie, vejiga
BRAIN 12738006 > HEAD : brain, neuro, gehirn*, hirn*, cerebral*, cerveau, cerebro, encephal*,
  schädel hirn, neurocranium, neurocrâne, encéphale, ccr, cct
BREAST 76752008 181131000 : breast*, mamma*, mammo*, seins, sein droit, sein gauche, mama
BRONCHUS 955009 > CHEST : bronchus, bronchi
CALCANEUS 80144004 > FOOT : calcaneus, calcaneum, calcaneo, heel, fersenbein*, ferse, talon, talón
CHEST 816094009 51185008 43799004 : chest, thorax*, thoraci*, thoracique, torax*, tórax, cxr,
  brustkorb, pecho, poitrine, hemithorax
CHESTABDOMEN 416550000 > CHEST ABDOMEN : chest abdomen, thorax abdomen
CHESTABDPELVIS 416775004 > CHEST ABDOMEN PELVIS : cap, tap, chest abdomen pelvis,
  thorax abdomen becken, chest to pelvis
CLAVICLE 51299004 > UPPERLIMB : clavicle*, clavicula*, klavikula*, schlüsselbein*, clavicule
COCCYX 64688005 > SPINE : coccyx, steißbein*, cóccix
COLON 71854001 > LARGEINTESTINE : colon, kolon
COMMONBILEDUCT 79741001 > BILEDUCT : common bile duct, cbd
CSPINE 122494005 1217262002 > SPINE : c spine, cspine, cervical spine, spine cervical, cervical,
  hws, halswirbel*, rachis cervical, columna cervical, colonne cervicale, c sp
CTSPINE 1217257000 > CSPINE TSPINE : cervicothoracic*, cervico thoracic*
DUODENUM 38848004 > SMALLINTESTINE : duodenum, zwölffingerdarm, duodeno
EAR 117590005 > HEAD : ear, ohr, oreille, oído
ELBOW 16953009 127949000 > UPPERLIMB : elbow*, ellenbogen*, ellbogen*, coude, coudes, codo, codos
ESOPHAGUS 32849002 : esophagus, oesophagus, ösophagus*, speiseröhre, oesophage, esófago
EXTREMITY 66019005 : extremit*, extrémité*, extremidad*, limb, limbs, gliedmaßen
EYE 81745001 371398005 > HEAD : eye, eyes, auge, augen, oeil, ojo
FACE 89545001 > HEAD : face, gesicht*, visage, cara
FACIALBONES 91397008 > FACE : facial bones, facial bone, gesichtsschädel*, midface, mittelgesicht*,
  massif facial, viscerocranium
FEMUR 71341001 > THIGH : femur*, fémur, femoral*
FIBULA 87342007 > LOWERLEG : fibula, wadenbein*, péroné, peroné
FINGER 7569003 > HAND : finger*, doigt*, dedo, dedos, digit, digits
FOOT 56459004 27949001 > LOWERLIMB : foot, feet, fuß*, mittelfuß*, vorfuß*, pied,
  pieds, pie, pies, forefoot
FOREARM 14975008 > UPPERLIMB : forearm*, unterarm*, avant bras, antebrazo*
GALLBLADDER 28231008 : gallbladder, gall bladder, gallenblase*, vésicule biliaire, vesícula
HAND 85562004 > UPPERLIMB : hand, hands, hände, mittelhand*, handaufnahme*, mano, manos, mains,
  main droite, main gauche, main d, main g, rx main, radio main, radiographie main, de la main
HEAD 69536005 : head, kopf, schädelct*, tête, cabeza, headct
HEADNECK 774007 > HEAD NECK : head neck, kopf hals, tête cou, cabeza cuello
HEART 80891009 : heart, cardiac*, kardial*, herz, herzct, herzmr*, coeur, corazón,
  coronary, coronaries, cardio*
HIP 24136001 29836001 > LOWERLIMB : hip, hips, hüfte*, hüft*, hanche*, cadera*, neck of femur,
  femoral neck, schenkelhals*, col du fémur, femoral head, femurkopf, hüftkopf*
HUMERUS 85050009 > UPPERARM : humerus*, humérus, húmero
IAC 361078006 > EAR : internal auditory canal, iac, iam, innerer gehörgang
ILEUM 34516001 > SMALLINTESTINE : ileum
ILIUM 22356005 > PELVIS : ilium, darmbein*
JAW 661005 > HEAD : jaw, kiefer, dental*, mâchoire, opg, orthopantomogr*, panorex
JEJUNUM 21306003 > SMALLINTESTINE : jejunum
KIDNEY 64033007 : kidney*, niere*, nieren*, renal, reins, riñón, riñones
KNEE 72696002 49076000 > LOWERLIMB : knee, knees, knie*, genou*, rodilla*
LARGEINTESTINE 14742008 : large intestine, dickdarm*
LARYNX 4596009 > NECK : larynx, kehlkopf*, laringe
LIVER 10200004 303270005 : liver, leber*, foie, hígado, hepat*
LOWERLEG 30021000 > LOWERLIMB : lower leg*, unterschenkel*, tib fib, tibia fibula,
  tibfib, jambe*, pierna*, calf
LOWERLIMB 61685007 72001000 102292000 > EXTREMITY : lower limb*, lower extremit*, leg, legs,
  bein, beine, ganzbein*,  untere extremität*, membre inférieur, miembro inferior
LSPINE 122496007 1217263007 > SPINE : l spine, lspine, lumbar spine, spine lumbar, lumbar, lws,
  lendenwirbel*, rachis lombaire, lombaire, columna lumbar, colonne lombaire, l sp
LSSPINE 1217253001 297173004 > LSPINE SSPINE : lumbosacral*, lumbo sacral*, ls spine, lombo sacré
LUNG 39607008 181216001 86598002 > CHEST : lung, lungs, lunge*, poumon*, pulmón, pulmones,
  pulmonary*,  pulmonaire*, pulmonar*
MANDIBLE 91609006 > JAW : mandible, mandibula*, unterkiefer*, mandíbula, mandibule
MASTOID 59066005 > HEAD : mastoid*, felsenbein*, temporal bone*, rocher, rochers
MAXILLA 70925003 > JAW : maxilla, oberkiefer*, maxilar superior
MEDIASTINUM 72410000 > CHEST : mediastinum, médiastin, mediastino
MOUTH 123851003 > HEAD : mouth, mund, bouche, boca
NECK 45048000 : neck, hals, halsweichteile*, cou, cuello, soft tissue neck
NECKCHEST 417437006 > NECK CHEST : neck chest, hals thorax
NECKCHESTABDOMEN 416152001 > NECK CHEST ABDOMEN : neck chest abdomen, hals thorax abdomen
NECKCHESTABDPELV 416319003 > NECK CHEST ABDOMEN PELVIS : neck chest abdomen pelvis,
  hals thorax abdomen becken
NOSE 45206002 74386004 > FACE : nose, nasal bone*, nasenbein*, nez, nariz
OPTICCANAL 55024004 > ORBIT : optic canal
ORBIT 363654007 > HEAD : orbit, orbits, orbita*, augenhöhle*, orbite*, órbita*
OVARY 15497006 : ovary, ovaries, ovar*
PANCREAS 15776009 : pancreas, pankreas*, bauchspeicheldrüse, pancréas, páncreas
PANCBILEDUCT 110621006 > PANCREATICDUCT BILEDUCT :
PANCREATICDUCT 69930009 : pancreatic duct
PAROTID 45289007 > HEAD : parotid*, parotis*
PATELLA 64234005 > KNEE : patella*, kniescheibe*, rotule*, rótula*
PELVIS 816092008 12921003 229765004 : pelvis*, pelvic, becken*, bassin*, pelviano
PELVISLOWEXTREMT 1231522001 > PELVIS LOWERLIMB : pelvis and lower extremities
PHANTOM 706342009 : phantom*, fantôme, fantoma
PROSTATE 41216001 : prostate*, prostata*, próstata
RADIUS 62413002 > FOREARM : radius
RECTUM 34402009 : rectum, rektum*, enddarm, recto
RIB 113197003 : rib, ribs, rippe*, hemithorax knöchern, côtes, costilla*, gril costal
SCAPULA 79601000 > UPPERLIMB : scapula*, skapula*, schulterblatt*, omoplate*, omóplato, escápula
SCJOINT 7844006 : sternoclavicular*, sc joint
SELLA 42575006 > HEAD : sella, sella turcica, hypophyse*, pituitary
SESAMOID 58742003 > FOOT : sesamoid*
SHOULDER 16982005 31398001 > UPPERLIMB : shoulder*, schulter*, épaule*, hombro*
SIJOINT 39723000 > PELVIS : si joint, si joints, sacroiliac*, isg, iliosakral*, sacro iliaque*
SINUS 2095001 > HEAD : sinus, sinuses, nnh, nasennebenhöhle*, paranasal*, senos paranasales
SKULL 89546000 > HEAD : skull, schädel*, cranium*, cranial, crâne*, cráneo, kalotte*
SMALLINTESTINE 30315005 : small intestine, small bowel, dünndarm*, enteroclysis, intestino delgado
SPINE 421060004 : spine, wirbelsäule*, rachis, columna, colonne vertébrale, vertebra*, scoliosis,
  backbone, wirbelkörper*
SPLEEN 78961009 : spleen, milz*, bazo
SSPINE 54735007 1217254007 > SPINE : sacrum, sacral*, kreuzbein*, sacro coccyx,
  sacro coccygeal*, s spine, sakrum
STERNUM 56873002 : sternum*, brustbein*, esternón
STOMACH 69695003 : stomach, magen, magendarm*, estomac, estómago, gastric
SUBMANDIBULAR 54019009 > NECK : submandibular*
TESTIS 40689003 : testis, testes, testicle*, testicul*, hoden*, scrotum, scrotal
THIGH 68367000 > LOWERLIMB : thigh*, oberschenkel*, cuisse*, muslo*
THUMB 76505004 > HAND : thumb*, daumen*, pouce*, pulgar*
THYROID 69748006 > NECK : thyroid*, schilddrüse*, thyroïd*, tiroid*
TIBIA 12611008 > LOWERLEG : tibia*, schienbein*
TLSPINE 1217256009 > TSPINE LSPINE : thoracolumbar*, thoraco lumbar*, tl spine, thorakolumbal*,
  dorsolumbar
TMJ 53620006 > JAW : tmj, temporomandibular*, kiefergelenk*, atm
TOE 29707007 > FOOT : toe, toes, zehe*, zehen*, orteil*, hallux, großzehe*, dedo del pie,
  dedos del pie, big toe
TONGUE 21974007 > MOUTH : tongue, zunge, langue, lengua
TRACHEA 44567001 : trachea*, luftröhre, trachée, tráquea
TSPINE 122495006 1217261009 > SPINE : t spine, tspine, d spine, dspine, thoracic spine,
  spine thoracic, dorsal spine, bws, brustwirbel*, rachis dorsal, rachis thoracique, columna dorsal,
  columna torácica, colonne dorsale, t sp
ULNA 23416004 > FOREARM : ulna, cubitus
UPPERARM 40983000 > UPPERLIMB : upper arm*, oberarm*, bras, brazo*
UPPERLIMB 53120007 371195002 30608006 > EXTREMITY : upper limb*, upper extremit*, arm, arms, arme,
  obere extremität*, membre supérieur, miembro superior
UPRURINARYTRACT 431491007 : upper urinary tract, urogram*, ivp, ivu
URETER 87953007 : ureter*, harnleiter*, uretère
URETHRA 13648007 : urethra*, harnröhre*
UTERUS 35039007 110639002 : uterus, gebärmutter, utérus, útero
WHOLEBODY 38266002 : whole body, entire body, wholebody, ganzkörper*, corps entier,
  cuerpo entero, total body, wb
WRIST 74670003 > UPPERLIMB : wrist*, handgelenk*, handwurzel*, poignet*, muñeca*, carpus, carpal*,
  scaphoid*, skaphoid*, kahnbein*, navicular view
ZYGOMA 13881006 > FACE : zygoma*, jochbein*, zygomatic*, jochbogen*
"""
# Phrases with a word of the body that mean no part of it.
NO_PART = """head first, feet first, foot first, c arm, arms up, arms down, head coil, body coil,
head to toe, by hand, hand over, neck coil, knee coil, spine coil, shoulder coil, breast coil,
surface coil, heart rate, extremity coil, face down, face up, back projection, left hand side,
right hand side"""
# Values that modalities send where they do not know.
UNSAID = (
    """UNKNOWN NA NONE UNSPECIFIED NOTSPECIFIED OTHER OTHERS UNDEFINED DEFAULT NULL EMPTY ANY"""
)
# Words that say which side, and not which part.
SIDES = """left right l r li re lt rt links rechts linke rechte linker rechter linkes rechtes gauche
    droite droit izquierdo izquierda derecho derecha izq der dcha bilateral both beide beidseits
    bds"""
